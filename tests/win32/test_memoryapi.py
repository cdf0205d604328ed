from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.se import PRIVILEGES, Token
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.memoryapi import locking, notification, working_set
from tests.win32.fake_call import BUFFER
from tests.win32.fake_memory import FakeMemory

SELF = -1
PAGE = 4096


@pytest.fixture
def mm(call: Any) -> FakeMemory:
    call.kernel.mm = FakeMemory()
    return call.kernel.mm  # type: ignore[no-any-return]


def all_ones(call: Any) -> int:
    return (1 << 8 * int(call.memory.pointer_size)) - 1


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.WAS_LOCKED])
def test_are_pages_locked_whether_they_were_or_not(call: Any, mm: FakeMemory, status: Status) -> None:
    mm.status = status
    assert locking.VirtualLock(call, 0x12345, 10) == 1
    assert mm.calls == [("lock", 0x12345, 10, 1)]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.ACCESS_VIOLATION, 998),
        (Status.WORKING_SET_QUOTA, 1453),
        (Status.GUARD_PAGE_VIOLATION, 0x80000001),
        (Status.INCOMPATIBLE_FILE_MAP, 87),
        (Status.INVALID_PARAMETER, 87),
    ],
)
def test_what_does_a_lock_that_fails_tell(call: Any, mm: FakeMemory, status: Status, error: int) -> None:
    mm.status = status
    assert locking.VirtualLock(call, 0x10000, PAGE) == 0
    assert call.last_error == error


def test_what_does_an_unlock_of_pages_that_are_not_locked_tell(call: Any, mm: FakeMemory) -> None:
    assert locking.VirtualUnlock(call, 0x10000, PAGE) == 1
    mm.status = Status.NOT_LOCKED
    assert locking.VirtualUnlock(call, 0x10000, PAGE) == 0
    assert call.last_error == Win32Error.NOT_LOCKED


def test_are_limits_set_with_the_privilege_of_the_token(call: Any, mm: FakeMemory) -> None:
    assert working_set.SetProcessWorkingSetSize(call, SELF, 100 * PAGE, 400 * PAGE) == 1
    assert mm.calls == [("limits", 100 * PAGE, 400 * PAGE, None, None, True)]
    assert not call.process.token.is_enabled(PRIVILEGES["SeIncreaseBasePriorityPrivilege"])


def test_are_limits_set_without_a_privilege_that_the_token_lacks(call: Any, mm: FakeMemory) -> None:
    call.process.token = SimpleNamespace(holds=lambda luid: False)
    mm.status = Status.PRIVILEGE_NOT_HELD
    assert working_set.SetProcessWorkingSetSize(call, SELF, 100 * PAGE, 400 * PAGE) == 0
    assert (mm.calls[0][-1], call.last_error) == (False, 1314)


def test_is_a_clamped_limit_a_success(call: Any, mm: FakeMemory) -> None:
    mm.status = Status.WORKING_SET_LIMIT_RANGE
    assert working_set.SetProcessWorkingSetSize(call, SELF, 1, 1 << 30) == 1


@pytest.mark.parametrize("limits", [(0, PAGE), (PAGE, 0), (0, 0)])
def test_are_both_limits_needed(call: Any, mm: FakeMemory, limits: tuple[int, int]) -> None:
    assert working_set.SetProcessWorkingSetSize(call, SELF, *limits) == 0
    assert (mm.calls, call.last_error) == ([], 87)


def test_is_a_minimum_above_the_maximum_refused(call: Any, mm: FakeMemory) -> None:
    mm.status = Status.BAD_WORKING_SET_LIMIT
    assert working_set.SetProcessWorkingSetSize(call, SELF, 2 * PAGE, PAGE) == 0
    assert call.last_error == 87


def test_is_a_bad_handle_told(call: Any, mm: FakeMemory) -> None:
    assert working_set.SetProcessWorkingSetSize(call, 0x444, PAGE, PAGE) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert working_set.GetProcessWorkingSetSize(call, 0x444, BUFFER, BUFFER) == 0


def test_do_the_largest_numbers_reach_the_memory_manager_as_they_are(call: Any, mm: FakeMemory) -> None:
    assert working_set.SetProcessWorkingSetSize(call, SELF, all_ones(call), all_ones(call)) == 1
    assert mm.calls[0][1:3] == (all_ones(call), all_ones(call))


@pytest.mark.parametrize(
    ("flags", "minimum", "maximum"),
    [(0, None, None), (1, True, None), (2, False, None), (4, None, True), (8, None, False), (5, True, True)],
)
def test_what_do_the_flags_ask_for(
    call: Any, mm: FakeMemory, flags: int, minimum: bool | None, maximum: bool | None
) -> None:
    assert working_set.SetProcessWorkingSetSizeEx(call, SELF, PAGE, PAGE, flags) == 1
    assert mm.calls[0][3:5] == (minimum, maximum)


@pytest.mark.parametrize("flags", [3, 12, 16])
def test_are_flags_that_contradict_each_other_refused(call: Any, mm: FakeMemory, flags: int) -> None:
    assert working_set.SetProcessWorkingSetSizeEx(call, SELF, PAGE, PAGE, flags) == 0
    assert (mm.calls, call.last_error) == ([], 87)


def test_are_the_limits_told(call: Any, mm: FakeMemory) -> None:
    assert working_set.GetProcessWorkingSetSizeEx(call, SELF, BUFFER, BUFFER + 8, BUFFER + 16) == 1
    told = [call.memory.read_pointer(BUFFER), call.memory.read_pointer(BUFFER + 8), call.memory.read_u32(BUFFER + 16)]
    assert told == [50 * PAGE, 345 * PAGE, 2 | 4]
    call.memory.write_pointer(BUFFER, 0)
    assert working_set.GetProcessWorkingSetSize(call, SELF, BUFFER, BUFFER + 8) == 1
    assert call.memory.read_pointer(BUFFER) == 50 * PAGE


def test_do_notifications_stand_for_the_memory_managers_events(call: Any, mm: FakeMemory) -> None:
    low = notification.CreateMemoryResourceNotification(call, 0)
    high = notification.CreateMemoryResourceNotification(call, 1)
    assert call.process.handles.lookup(low) is mm.low_memory
    assert call.process.handles.lookup(high) is mm.high_memory
    states = []
    for handle in (low, high):
        assert notification.QueryMemoryResourceNotification(call, handle, BUFFER) == 1
        states.append(call.memory.read_u32(BUFFER))
    assert states == [0, 1]


def test_are_bad_notification_parameters_refused(call: Any, mm: FakeMemory) -> None:
    low = notification.CreateMemoryResourceNotification(call, 0)
    answers = [
        (notification.CreateMemoryResourceNotification(call, 2), call.last_error),
        (notification.QueryMemoryResourceNotification(call, low, 0), call.last_error),
        (notification.QueryMemoryResourceNotification(call, 0, BUFFER), call.last_error),
        (notification.QueryMemoryResourceNotification(call, 0x444, BUFFER), call.last_error),
    ]
    assert answers == [(0, 87), (0, 87), (0, 87), (0, Win32Error.INVALID_HANDLE)]


def test_may_the_user_enlarge_working_sets_and_make_paging_files() -> None:
    token = Token()
    for name in ("SeIncreaseBasePriorityPrivilege", "SeCreatePagefilePrivilege"):
        assert token.holds(PRIVILEGES[name]) and not token.is_enabled(PRIVILEGES[name])
    assert not token.holds(PRIVILEGES["SeLockMemoryPrivilege"])
