"""Does a program that sleeps for long leave memory, and wake up as it was?"""

import json
from pathlib import Path

import pytest

from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.ps.swapper import Swapper
from ntmm.kernel.ps.thread import Thread
from ntmm.runner.errors import UserError
from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


def swaps(events: Path) -> list[tuple[str, str]]:
    """(event, direction) of all swaps, in order."""
    lines = [json.loads(line) for line in events.read_text().splitlines() if "Swapped" in line]
    return [(line["event"], line["direction"]) for line in lines]


def into_paging_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each look of the swapper no page list keeps anything: what is out lies in the paging file only."""
    put_idle_out = Swapper._put_idle_out

    def put_out_and_drain(self: Swapper) -> None:
        put_idle_out(self)
        pfn, writer = self._mm.pfn, self._mm.pageout.writer
        for _ in range(5):
            while writer.write_one():
                pass
            taken = []
            while pfn.standby.count:
                taken.append(pfn.take_any(PageUse.KERNEL))
            for frame in taken:
                pfn.free(frame)

    monkeypatch.setattr(Swapper, "_put_idle_out", put_out_and_drain)


@PLACES
@pytest.mark.parametrize("where", ["page lists", "paging file"])
def test_does_a_sleeper_wake_up_as_it_was(
    where: str, folder: str, architecture: str, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "paging file":
        into_paging_files(monkeypatch)
    events = own_folder / "events.jsonl"
    finished = run(sample(folder, "sleeper"), architecture=architecture, events=events)
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0
    out = [("StackSwapped", "out")] * 2 + [("ProcessSwapped", "out")]
    back = [("ProcessSwapped", "in")] + [("StackSwapped", "in")] * 2
    assert swaps(events) == out + back


@PLACES
def test_do_two_sleeps_give_identical_event_streams(folder: str, architecture: str, own_folder: Path) -> None:
    streams = []
    for turn in range(2):
        events = own_folder / f"{turn}.jsonl"
        run(sample(folder, "sleeper"), architecture=architecture, events=events)
        streams.append(events.read_bytes())
    assert streams[0] == streams[1]


@PLACES
def test_is_a_spoilt_kernel_stack_the_end_of_the_machine(
    folder: str, architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_stack_out = Swapper._put_stack_out

    def put_out_and_spoil(self: Swapper, thread: Thread) -> None:
        put_stack_out(self, thread)
        address = thread.kernel_stack.pointer - self._mm.architecture.pointer_size
        entry = self._mm.table_memory.entries[self._mm.system_ptes.word(address)]
        page = self._mm.architecture.page_size
        self._mm.ram.bytes[self._mm.table_memory.format.frame(entry) * page + address % page] ^= 1

    monkeypatch.setattr(Swapper, "_put_stack_out", put_out_and_spoil)
    with pytest.raises(UserError, match="STOP 0x00000077 KERNEL_STACK_INPAGE_ERROR"):
        run(sample(folder, "sleeper"), architecture=architecture)
