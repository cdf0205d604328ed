"""Handle tables, the life of objects, and names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ob import Event, HandleTable, InvalidHandle, KernelObject, Semaphore
from ntmm.kernel.ob.names import ObjectNames
from ntmm.nt.status import Status


class Counted(KernelObject):
    type_name = "Counted"

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def status_of_lookup(table: HandleTable, handle: int, kind: type[KernelObject] | None = None) -> Status:
    try:
        table.lookup(handle, kind)
    except InvalidHandle as refused:
        return refused.status
    return Status.SUCCESS


def test_which_values_do_handles_have() -> None:
    table, target = HandleTable(), Counted()
    handles = [table.insert(target, access=number) for number in range(4)]
    table.close(handles[2])
    table.close(handles[0])
    assert handles == [4, 8, 12, 16]
    assert [table.insert(target) for _ in range(3)] == [4, 12, 20]
    assert [(handle, entry.access) for handle, entry in table.items()] == [(4, 0), (8, 1), (12, 0), (16, 3), (20, 0)]
    assert len(table) == target.handle_count == 5


def test_are_the_low_two_bits_the_programs(request: pytest.FixtureRequest) -> None:
    table, target = HandleTable(), Counted()
    handle = table.insert(target)
    assert [table.lookup(handle | tag) for tag in range(4)] == [target] * 4
    table.close(handle | 3)
    assert (len(table), target.closed) == (0, 1)


@pytest.mark.parametrize("handle", [0, 3, 8, -1, -2, 0xFFFFFFFF, 1 << 64])
def test_is_a_wrong_handle_refused(handle: int) -> None:
    table = HandleTable()
    table.insert(Counted())
    assert status_of_lookup(table, handle) is Status.INVALID_HANDLE
    with pytest.raises(InvalidHandle, match="INVALID_HANDLE"):
        table.close(handle)


def test_is_the_type_of_an_object_checked() -> None:
    table, scheduler = HandleTable(), Scheduler(Clock())
    handle = table.insert(Event(scheduler, manual_reset=False, signalled=False))
    kinds: list[type[KernelObject] | None] = [None, KernelObject, Event, Semaphore]
    assert [status_of_lookup(table, handle, kind) for kind in kinds] == [Status.SUCCESS] * 3 + [
        Status.OBJECT_TYPE_MISMATCH
    ]


def test_when_is_an_object_closed() -> None:
    table, target = HandleTable(), Counted()
    first, second = table.insert(target), table.insert(target)
    target.reference()
    table.close(first)
    table.close(second)
    assert target.closed == 0
    target.dereference()
    assert target.closed == 1
    with pytest.raises(AssertionError, match="Counted dereferenced too often"):
        target.dereference()


def test_does_the_end_of_a_process_close_everything() -> None:
    table, targets = HandleTable(), [Counted() for _ in range(3)]
    for target in (*targets, targets[0]):
        table.insert(target)
    table.close_all()
    assert [target.closed for target in targets] == [1, 1, 1]
    assert (len(table), table.items()) == (0, [])


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=60))
def test_is_the_lowest_free_handle_handed_out(steps: list[int | None]) -> None:
    """None opens a handle; a number closes the handle at that place among the open ones, if there is one."""
    table, open_handles = HandleTable(), set[int]()
    for step in steps:
        if step is None:
            handle = table.insert(Counted())
            assert handle == next(value for value in range(4, 1000, 4) if value not in open_handles)
            open_handles.add(handle)
        elif step < len(open_handles):
            handle = sorted(open_handles)[step]
            table.close(handle)
            open_handles.discard(handle)
    assert [handle for handle, _ in table.items()] == sorted(open_handles)


def test_how_long_does_a_name_live() -> None:
    names, table, target = ObjectNames(), HandleTable(), Counted()
    handle = table.insert(target)
    names.insert("Local\\Ready", target)
    target.reference()
    found = [names.get(name) for name in ("Ready", "Local\\Ready", "Global\\Ready", "READY", "local\\Ready", "other")]
    assert found == [target, target, target, None, None, None]
    table.close(handle)
    assert (names.get("Ready"), target.closed) == (None, 0)
    target.dereference()
    assert target.closed == 1
