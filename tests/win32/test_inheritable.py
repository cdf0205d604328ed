"""Do creating functions heed the inherit flag of SECURITY_ATTRIBUTES?"""

import struct
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.win32.fileapi.create import CreateFileW
from ntmm.win32.handleapi import DuplicateHandle, GetHandleInformation, SetHandleInformation
from ntmm.win32.synchapi import CreateEventW, CreateSemaphoreW
from tests.win32.fake_call import BUFFER


@pytest.fixture
def call(call: Any) -> Any:
    call.kernel.scheduler = SimpleNamespace()
    return call


def attributes(call: Any, inherit: bool) -> int:
    form = "<I4xQI4x" if call.memory.pointer_size == 8 else "<III"
    call.memory.write(BUFFER, struct.pack(form, struct.calcsize(form), 0, inherit))
    return BUFFER


def is_inheritable(call: Any, handle: int) -> bool:
    entry: Any = call.process.handles.entry(handle)
    return bool(entry.inherit)


@pytest.mark.parametrize("inherit", [False, True])
def test_is_a_new_handle_inheritable_if_it_was_asked_for(call: Any, inherit: bool) -> None:
    place = attributes(call, inherit)
    made = [
        CreateEventW(call, place, 1, 0, 0),
        CreateSemaphoreW(call, place, 0, 1, 0),
        CreateFileW(call, call.wide("file"), 0x40000000, 0, place, 2, 0, 0),
    ]
    assert [is_inheritable(call, handle) for handle in made] == [inherit] * 3
    assert not is_inheritable(call, CreateEventW(call, 0, 1, 0, 0))


def test_does_the_flag_change_later(call: Any) -> None:
    handle = CreateEventW(call, 0, 1, 0, 0)
    seen = []
    for mask, flags in ((1, 1), (0, 0), (1, 0)):
        assert SetHandleInformation(call, handle, mask, flags) == 1
        assert GetHandleInformation(call, handle, BUFFER) == 1
        seen.append(call.memory.read_u32(BUFFER))
    assert seen == [1, 1, 0]


def test_has_a_duplicate_a_flag_of_its_own(call: Any) -> None:
    handle = CreateEventW(call, attributes(call, inherit=True), 1, 0, 0)
    for inherit in (0, 1):
        assert DuplicateHandle(call, -1, handle, -1, BUFFER, 0, inherit, 2) == 1
        assert is_inheritable(call, call.memory.read_u32(BUFFER)) == bool(inherit)
    assert is_inheritable(call, handle)
