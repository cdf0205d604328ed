"""Pointers that point nowhere: what the kernel is to look at fails, what Windows touches in user mode raises."""

from collections.abc import Callable
from typing import Any

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ob import Event, Semaphore, TokenObject
from ntmm.native.handles import CURRENT_PROCESS
from ntmm.native.objects import NtDuplicateObject, NtQueryObject
from ntmm.native.open_process import NtOpenProcess, NtOpenThread
from ntmm.native.synchronization import NtReleaseSemaphore, NtSetEvent
from ntmm.native.token import NtOpenProcessToken
from ntmm.native.token_information import NtQueryInformationToken
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import securitybaseapi, synchapi
from ntmm.win32.fileapi import attributes, create, find, move, paths
from ntmm.win32.handleapi import DuplicateHandle
from ntmm.win32.memoryapi import mapping
from tests.win32.fake_call import BUFFER
from tests.win32.test_fileapi import GENERIC_WRITE, open_file

BAD = 0x10
NOACCESS = 998
NOBODY: Any = None
"""The scheduler of objects that nobody waits for."""
DACL = 4


@pytest.fixture
def event(call: Any) -> int:
    return int(call.process.handles.insert(Event(NOBODY, False, False), 0x1F0003))


@pytest.mark.parametrize(
    "ask",
    [
        lambda call, event: DuplicateHandle(call, CURRENT_PROCESS, event, CURRENT_PROCESS, BAD, 0, 0, 2),
        lambda call, event: securitybaseapi.GetKernelObjectSecurity(call, event, DACL, BUFFER, 400, BAD),
        lambda call, event: securitybaseapi.SetKernelObjectSecurity(call, event, DACL, BAD),
    ],
)
def test_is_a_pointer_of_the_kernel_refused(call: Any, event: int, ask: Callable[[Any, int], int]) -> None:
    before = len(call.process.handles)
    assert ask(call, event) == 0
    assert (call.last_error, len(call.process.handles)) == (NOACCESS, before)


def test_does_a_semaphore_stay_where_its_old_count_has_no_place(call: Any) -> None:
    semaphore = Semaphore(NOBODY, 1, 5)
    handle = call.process.handles.insert(semaphore, 0x1F0003)
    assert synchapi.ReleaseSemaphore(call, handle, 1, BAD) == 0
    with pytest.raises(GuestFault):
        NtReleaseSemaphore(call, handle, 1, BAD)
    assert (call.last_error, semaphore.count) == (NOACCESS, 1)


def test_does_an_event_stay_where_its_old_state_has_no_place(call: Any, event: int) -> None:
    with pytest.raises(GuestFault):
        NtSetEvent(call, event, BAD)
    assert not call.process.handles.lookup(event, Event).signal_state


def test_what_do_functions_of_tokens_say(call: Any) -> None:
    token = call.process.handles.insert(TokenObject(call.process.token), 0xF01FF)
    before = len(call.process.handles)
    ask: tuple[Callable[[], int], ...] = (
        lambda: securitybaseapi.GetTokenInformation(call, token, 1, BAD, 400, BUFFER),
        lambda: securitybaseapi.GetTokenInformation(call, token, 1, BUFFER, 400, BAD),
        lambda: securitybaseapi.AdjustTokenPrivileges(call, token, 0, BAD, 0, 0, 0),
        lambda: securitybaseapi.DuplicateToken(call, token, 2, BAD),
        lambda: securitybaseapi.PrivilegeCheck(call, token, BAD, BUFFER),
    )
    for function in ask:
        call.last_error = 0
        assert (function(), call.last_error) == (0, NOACCESS)
    assert len(call.process.handles) == before


def test_do_services_leave_no_handle_that_nobody_knows(call: Any, event: int) -> None:
    before = len(call.process.handles)
    ask: tuple[Callable[[], int], ...] = (
        lambda: NtDuplicateObject(call, CURRENT_PROCESS, event, CURRENT_PROCESS, BAD, 0, 0, 2),
        lambda: NtOpenProcess(call, BAD, 0x400, BUFFER, BUFFER),
        lambda: NtOpenThread(call, BAD, 0x40, BUFFER, BUFFER),
        lambda: NtOpenProcessToken(call, CURRENT_PROCESS, 8, BAD),
    )
    for function in ask:
        with pytest.raises(GuestFault):
            function()
    assert len(call.process.handles) == before


def test_is_a_descriptor_that_is_not_there_refused(call: Any) -> None:
    call.memory.write_u32(BUFFER, 3 * call.memory.pointer_size)
    call.memory.write_pointer(BUFFER + call.memory.pointer_size, BAD)
    assert create.CreateFileW(call, call.wide("f"), GENERIC_WRITE, 7, BUFFER, 2, 0x80, 0) == -1
    assert call.last_error == NOACCESS
    assert mapping.CreateFileMappingW(call, -1, BUFFER, 4, 0, 0x1000, 0) == 0
    assert call.last_error == NOACCESS


def test_does_a_bad_name_raise(call: Any) -> None:
    with pytest.raises(GuestFault):
        create.DeleteFileW(call, BAD)


@pytest.mark.parametrize(
    ("ask", "failed"),
    [
        (lambda call, _: create.CreateFileW(call, 0, 0, 7, 0, 3, 0, 0), -1),
        (lambda call, _: create.CreateFileA(call, 0, 0, 7, 0, 3, 0, 0), -1),
        (lambda call, _: create.DeleteFileW(call, 0), 0),
        (lambda call, _: create.DeleteFileA(call, 0), 0),
        (lambda call, _: create.CreateDirectoryA(call, 0, 0), 0),
        (lambda call, _: create.RemoveDirectoryA(call, 0), 0),
        (lambda call, _: attributes.GetFileAttributesA(call, 0), 0xFFFFFFFF),
        (lambda call, _: attributes.SetFileAttributesW(call, 0, 0x80), 0),
        (lambda call, _: attributes.GetFileAttributesExW(call, 0, 0, BUFFER), 0),
        (lambda call, _: move.MoveFileW(call, 0, call.wide("x")), 0),
        (lambda call, _: move.CopyFileW(call, 0, call.wide("x"), 0), 0),
        (lambda call, name: move.CopyFileW(call, name, 0, 0), 0),
        (lambda call, _: find.FindFirstFileA(call, 0, BUFFER), -1),
        (lambda call, _: find.FindFirstFileW(call, call.wide(""), BUFFER), -1),
    ],
)
def test_is_no_name_no_path(call: Any, ask: Callable[[Any, int], int], failed: int) -> None:
    open_file(call, "f", GENERIC_WRITE, 2)
    assert ask(call, call.wide("f")) == failed
    assert call.last_error == Win32Error.PATH_NOT_FOUND


def test_what_is_the_full_form_of_no_name(call: Any) -> None:
    assert paths.GetFullPathNameW(call, 0, 100, BUFFER, 0) == 0
    assert call.last_error == Win32Error.INVALID_NAME
    assert paths.GetLongPathNameW(call, 0, BUFFER, 100) == paths.GetShortPathNameA(call, 0, BUFFER, 100) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


def test_does_a_buffer_at_the_end_of_all_addresses_only_fault(call: Any, event: int) -> None:
    token = call.process.handles.insert(TokenObject(call.process.token), 0xF01FF)
    last = (1 << 8 * call.memory.pointer_size) - 8
    for kind in (1, 2):
        with pytest.raises(GuestFault):
            NtQueryObject(call, event, kind, last, 0xFFFFFFFF, 0)
    for kind in (1, 2, 4, 5, 6):
        with pytest.raises(GuestFault):
            NtQueryInformationToken(call, token, kind, last, 0xFFFFFFFF, BUFFER)
