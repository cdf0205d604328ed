"""GetWriteWatch: exactly the pages that were written, whatever became of them meanwhile."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.kernel.mm.working_set.scan import trim_many
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    MEM_RESET,
    MEM_WRITE_WATCH,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine

AT = 0x50000000
PAGES = 12
WATCHED = MEM_RESERVE | MEM_WRITE_WATCH


def watched(machine: MemoryMachine, process: FakeProcess, pages: int = PAGES, more: int = MEM_COMMIT) -> None:
    result = machine.mm.allocate(process, AT, pages * PAGE, WATCHED | more, PAGE_READWRITE)
    assert result == (Status.SUCCESS, AT, pages * PAGE)


def written(
    machine: MemoryMachine, process: FakeProcess, room: int = 1000, reset: bool = False, size: int = PAGES * PAGE
) -> list[int]:
    result = machine.mm.get_write_watch(process, AT, size, room, reset)
    assert result.status is Status.SUCCESS
    return [(address - AT) // PAGE for address in result.addresses]


def put(process: FakeProcess, *pages: int) -> None:
    for page in pages:
        process.space.memory.write_u8(AT + page * PAGE + 5, page + 1)


def test_are_written_pages_told_in_order_and_only_reset_ones_forgotten(
    machine: MemoryMachine, process: FakeProcess
) -> None:
    watched(machine, process)
    process.space.memory.read_u8(AT + 3 * PAGE)
    put(process, 9, 2, 5)
    assert written(machine, process) == [2, 5, 9]
    assert written(machine, process, room=2, reset=True) == [2, 5]
    assert written(machine, process) == [9]
    put(process, 5)
    assert written(machine, process) == [5, 9]
    assert machine.mm.reset_write_watch(process, AT + 5 * PAGE, 1) is Status.SUCCESS
    assert written(machine, process) == [9]


@pytest.mark.parametrize(
    ("base", "size", "status"),
    [
        (AT, 0, Status.INVALID_PARAMETER_3),
        (1 << 60, PAGE, Status.INVALID_PARAMETER_2),
        (AT, 1 << 60, Status.INVALID_PARAMETER_3),
        (AT + 100 * PAGE, PAGE, Status.INVALID_PARAMETER_1),
        (AT, (PAGES + 1) * PAGE, Status.INVALID_PARAMETER_1),
        (AT + (PAGES - 1) * PAGE + 1, PAGE, Status.INVALID_PARAMETER_1),
        (AT + (PAGES - 1) * PAGE + 1, PAGE - 1, Status.SUCCESS),
    ],
)
def test_is_a_range_refused_that_no_watched_region_holds(
    machine: MemoryMachine, process: FakeProcess, base: int, size: int, status: Status
) -> None:
    watched(machine, process)
    assert machine.mm.get_write_watch(process, base, size, 10, reset=False).status is status
    assert machine.mm.reset_write_watch(process, base, size) is status


def test_is_an_ordinary_region_not_watched(machine: MemoryMachine, process: FakeProcess) -> None:
    base = machine.allocate(process, PAGE)
    assert machine.mm.get_write_watch(process, base, PAGE, 1, reset=False).status is Status.INVALID_PARAMETER_1


def test_do_both_halves_of_a_split_region_stay_watched(machine: MemoryMachine, process: FakeProcess) -> None:
    watched(machine, process)
    put(process, 1, 5, 10)
    machine.trim(process, AT + PAGE, AT + 10 * PAGE)
    assert machine.mm.free(process, AT + 4 * PAGE, 3 * PAGE, MEM_RELEASE).status is Status.SUCCESS
    assert written(machine, process, size=4 * PAGE) == [1]
    result = machine.mm.get_write_watch(process, AT + 7 * PAGE, 5 * PAGE, 9, reset=False)
    assert result.addresses == (AT + 10 * PAGE,)


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "write",
                "write",
                "read",
                "trim",
                "trim all",
                "drive out",
                "get",
                "reset",
                "protect",
                "hide",
                "decommit",
                "discard",
            ]
        ),
        st.integers(0, PAGES - 1),
        st.integers(1, PAGES),
    ),
    max_size=40,
)


class Watch:
    """A watched region beside the set of pages that it should tell of."""

    def __init__(self, machine: MemoryMachine) -> None:
        self.machine = machine
        self.process = machine.new_process()
        self.expected: set[int] = set()
        watched(machine, self.process)

    def act(self, action: str, first: int, count: int) -> None:
        pages = range(first, min(first + count, PAGES))
        start, size = AT + first * PAGE, len(pages) * PAGE
        mm, process = self.machine.mm, self.process
        if action == "write":
            put(process, *pages)
            self.expected.update(pages)
        elif action == "read":
            for page in pages:
                process.space.memory.read_u8(AT + page * PAGE)
        elif action == "trim":
            self._trim(pages)
        elif action == "trim all":
            trim_many(process.space.working_set, 1000, 0)
        elif action == "drive out":
            trim_many(process.space.working_set, 1000, 0)
            self.machine.write_out()
        elif action == "get":
            self._get(pages, reset=True)
        elif action == "reset":
            assert mm.reset_write_watch(process, start, size) is Status.SUCCESS
            self.expected.difference_update(pages)
        elif action in ("protect", "hide"):
            mm.protect(process, start, size, PAGE_READONLY if action == "protect" else PAGE_NOACCESS)
            mm.protect(process, start, size, PAGE_READWRITE)
        elif action == "decommit":
            assert mm.free(process, start, size, MEM_DECOMMIT).status is Status.SUCCESS
            assert mm.allocate(process, start, size, MEM_COMMIT, PAGE_READWRITE).status is Status.SUCCESS
            self.expected.difference_update(pages)
        else:
            assert mm.allocate(process, start, size, MEM_RESET, PAGE_READWRITE).status is Status.SUCCESS

    def _trim(self, pages: range) -> None:
        tables, entries = self.process.space.tables, self.machine.mm.table_memory.entries
        for page in pages:
            index = tables.find(AT + page * PAGE)
            if index >= 0 and entries[index] & 1:
                self.machine.trim(self.process, AT + page * PAGE)

    def _get(self, pages: range, reset: bool) -> None:
        room = max(1, len(pages) // 2)
        found = written(self.machine, self.process, room, reset)
        assert found == sorted(self.expected)[:room]
        self.expected.difference_update(found)


@pytest.mark.parametrize("name", ARCHITECTURES)
@settings(max_examples=40)
@given(steps)
def test_is_exactly_told_what_was_written(name: str, actions: list[Any]) -> None:
    machine = MemoryMachine(name, 4 * MB)
    machine.add_paging_file()
    watch = Watch(machine)
    for action, first, count in actions:
        watch.act(action, first, count)
        assert written(machine, watch.process) == sorted(watch.expected)
    machine.check()
