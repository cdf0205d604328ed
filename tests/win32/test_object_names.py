"""Which names may objects have in the Windows API?"""

from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.ob import InvalidHandle
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import synchapi
from ntmm.win32.memoryapi import mapping
from tests.win32.fake_sections import FakeSections

MEMORY = -1
PAGE_READWRITE = 4


@pytest.fixture(autouse=True)
def mm(call: Any) -> FakeSections:
    call.kernel.scheduler = SimpleNamespace(signalled=lambda target: None)
    call.kernel.mm = FakeSections(call.memory.pointer_size)
    return call.kernel.mm  # type: ignore[no-any-return]


@pytest.mark.parametrize(("length", "error"), [(260, 0), (261, Win32Error.FILENAME_EXCED_RANGE), (5000, 206)])
def test_how_long_is_a_narrow_name(call: Any, length: int, error: int) -> None:
    name = call.ansi("n" * length)
    handle = mapping.CreateFileMappingA(call, MEMORY, 0, PAGE_READWRITE, 0, 0x1000, name)
    assert (handle == 0, call.last_error) == (bool(error), error)
    call.last_error = 0
    assert (mapping.OpenFileMappingA(call, 4, 0, name) == 0, call.last_error) == (bool(error), error)


def test_does_an_event_have_such_a_name_as_well(call: Any) -> None:
    assert synchapi.CreateEventA(call, 0, 0, 0, call.ansi("n" * 260))
    with pytest.raises(InvalidHandle) as refused:  # the dispatcher makes it the last error
        synchapi.CreateEventA(call, 0, 0, 0, call.ansi("n" * 261))
    assert refused.value.status is Status.NAME_TOO_LONG


@pytest.mark.parametrize(("length", "error"), [(32766, 0), (32767, Win32Error.FILENAME_EXCED_RANGE)])
def test_how_long_is_a_wide_name(call: Any, length: int, error: int) -> None:
    name = 0x20000
    call.memory.write(name, ("n" * length + "\0").encode("utf-16-le"))
    assert bool(mapping.CreateFileMappingW(call, MEMORY, 0, PAGE_READWRITE, 0, 0x1000, name)) is not bool(error)
    assert call.last_error == error


def test_are_narrow_names_the_same_for_all_objects(call: Any) -> None:
    """Every byte has a character: 0x81, which the code page leaves open, is U+0081."""
    name = call.reserve(8)
    call.memory.write(name, b"n\x81\x8d\0")
    assert synchapi.CreateEventA(call, 0, 0, 0, name)
    assert mapping.CreateFileMappingA(call, MEMORY, 0, PAGE_READWRITE, 0, 0x1000, name) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert synchapi.OpenEventW(call, 2, 0, call.wide("n\x81\x8d"))
