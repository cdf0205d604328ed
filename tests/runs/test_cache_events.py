"""Does the event stream of a program that reads and writes files tell what the system cache does?"""

import json
from pathlib import Path

import pytest

from tests.runs.running import MACHINES, run, sample

VIEW = 256 << 10


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_do_events_tell_of_the_cache(folder: str, architecture: str, own_folder: Path) -> None:
    path = own_folder / "events.jsonl"
    finished = run(sample(folder, "files"), architecture=architecture, events=path)
    assert finished.report.exit_status == 0, finished.output
    events = [json.loads(line) for line in path.read_text().splitlines() if '"CacheAction"' in line]
    assert {(event["offset"], event["size"]) for event in events} == {(0, VIEW)}
    mapped = [event["file"] for event in events if event["action"] == "map"]
    assert mapped == ["C:\\ntmm-files\\first.bin", "C:\\ntmm-files\\lines.txt"]
    assert sorted(event["file"] for event in events if event["action"] == "unmap") == mapped
    assert all(event["thread"] for event in events)
