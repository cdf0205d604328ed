"""Is the recorded stream complete, readable and the same for the same events?"""

import json
import os
import threading
from pathlib import Path

import pytest

from ntmm.trace import (
    ApiCall,
    CacheAction,
    Event,
    Fault,
    JsonLinesRecorder,
    PageMoved,
    PagingIo,
    ProcessSwapped,
    StackSwapped,
    Trim,
)
from ntmm.trace.json_lines import encode

EVENTS: list[Event] = [
    Fault(10, 4, 8, "demand zero", "cpu", 0xFFFFF680_00000000, 6, 0),
    PageMoved(20, 7, "zeroed", "active"),
    ApiCall(30, 4, 8, "kernel32", "VirtualAlloc\n"),
]


def record(path: Path) -> None:
    with JsonLinesRecorder(path) as recorder:
        for event in EVENTS:
            recorder(event)


def test_is_every_event_one_object_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    record(path)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "event": "Fault",
            "virtual_time": 10,
            "process": 4,
            "thread": 8,
            "kind": "demand zero",
            "origin": "cpu",
            "address": "0xfffff68000000000",
            "error_code": "0x6",
            "status": "0x0",
        },
        {"event": "PageMoved", "virtual_time": 20, "frame": 7, "source": "zeroed", "destination": "active"},
        {
            "event": "ApiCall",
            "virtual_time": 30,
            "process": 4,
            "thread": 8,
            "dll": "kernel32",
            "name": "VirtualAlloc\n",
        },
    ]


def test_do_equal_streams_make_equal_files(tmp_path: Path) -> None:
    record(tmp_path / "a")
    record(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_does_an_old_file_stay_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("old")
    recorder = JsonLinesRecorder(path)
    recorder(EVENTS[0])
    assert path.read_text() == "old"
    recorder.close()
    recorder.close()
    assert path.read_text().startswith('{"event":"Fault"')
    assert [entry.name for entry in tmp_path.iterdir()] == ["events.jsonl"]


def test_does_a_symbolic_link_stay_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    record(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len((tmp_path / "target").read_text().splitlines()) == len(EVENTS)


def test_can_events_go_to_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(path.read_text()))
    reader.start()
    record(path)
    reader.join(10)
    assert len(received[0].splitlines()) == len(EVENTS)


def test_is_a_folder_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        JsonLinesRecorder(tmp_path)


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            PagingIo(10, "read", 1, 4096, 8, 12),
            {"operation": "read", "paging_file": 1, "slot": 4096, "pages": 8, "thread": 12},
        ),
        (
            CacheAction(10, "read ahead", "C:\\a", 0x40000, 0x10000, 12),
            {"action": "read ahead", "file": "C:\\a", "offset": 0x40000, "size": 0x10000, "thread": 12},
        ),
        (Trim(10, 8, 30, "memory is short"), {"process": 8, "pages": 30, "reason": "memory is short"}),
        (StackSwapped(10, 12, "out"), {"thread": 12, "direction": "out"}),
        (ProcessSwapped(10, 8, "in"), {"process": 8, "direction": "in"}),
    ],
)
def test_are_events_of_paging_plain_numbers(event: Event, fields: dict[str, object]) -> None:
    assert json.loads(encode(event)) == {"event": type(event).__name__, "virtual_time": 10, **fields}
