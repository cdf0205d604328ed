"""The kernel's door to guest memory."""

import pytest

from ntmm.kernel.ke.access import GuestFault, GuestMemory
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_DECOMMIT,
    MEM_RESERVE,
    PAGE_EXECUTE_READWRITE,
    PAGE_GUARD,
    PAGE_READONLY,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import AT, Booted

PAGE = 0x1000
DIRTY, ACCESSED = 0x40, 0x20


def pte(booted: Booted, address: int) -> int:
    return booted.kernel.mm.table_memory.entries[booted.process.space.tables.find(address)]


def clear(booted: Booted, address: int, bits: int) -> None:
    booted.kernel.mm.table_memory.entries[booted.process.space.tables.find(address)] &= ~bits


def fault_of(memory: GuestMemory, address: int, data: bytes | None = None, size: int = 1) -> tuple[int, int, int]:
    """(status, address, access) of a refused read, or of a write of `data`."""
    with pytest.raises(GuestFault) as caught:
        memory.read(address, size) if data is None else memory.write(address, data)
    return caught.value.status, caught.value.address, caught.value.access


def test_do_accesses_cross_pages(booted: Booted) -> None:
    memory, data = booted.process.memory, bytes(range(256)) * 40
    memory.write(AT + 0xFFD, data)
    assert memory.read(AT + 0xFFD, len(data)) == data
    assert memory.read(AT + 0xFFC, 3) == b"\0" + data[:2]
    assert memory.read(AT, 0) == b""
    memory.write(0, b"")  # no byte, no access
    assert memory.read(0, 0) == b""


@pytest.mark.parametrize("source", [bytes, bytearray, memoryview])
def test_which_bytes_may_be_written(booted: Booted, source: type[bytes] | type[bytearray] | type[memoryview]) -> None:
    booted.process.memory.write(AT, source(b"twelve bytes"))
    assert booted.process.memory.read(AT, 12) == b"twelve bytes"


def test_which_bits_does_an_access_set(booted: Booted) -> None:
    memory = booted.process.memory
    memory.write(AT, b"x")
    clear(booted, AT, DIRTY | ACCESSED)
    memory.read_u8(AT)
    assert pte(booted, AT) & (DIRTY | ACCESSED) == ACCESSED
    clear(booted, AT, DIRTY | ACCESSED)
    memory.write_u8(AT, 1)
    assert pte(booted, AT) & (DIRTY | ACCESSED) == DIRTY | ACCESSED


def test_what_is_kept_of_a_write_that_fails_half_way(booted: Booted) -> None:
    memory = booted.process.memory
    booted.kernel.mm.protect(booted.process, AT + 2 * PAGE, PAGE, PAGE_READONLY)
    refused = fault_of(memory, AT + PAGE - 4, b"\xee" * (2 * PAGE))
    assert refused == (Status.ACCESS_VIOLATION, AT + 2 * PAGE, 1)
    assert memory.read(AT + PAGE - 4, PAGE + 4) == b"\xee" * (PAGE + 4)
    assert not any(memory.read(AT + 2 * PAGE, PAGE))


def test_does_a_probe_find_the_bad_page_before_anything_is_written(booted: Booted) -> None:
    memory = booted.process.memory
    booted.kernel.mm.free(booted.process, AT + 3 * PAGE, PAGE, MEM_DECOMMIT)
    with pytest.raises(GuestFault, match=f"0xc0000005 at {AT + 3 * PAGE:#x}"):
        memory.probe_for_write(AT + 5, 3 * PAGE)
    memory.probe_for_write(AT + 5, 3 * PAGE - 5)
    memory.probe_for_write(AT + 3 * PAGE, 0)
    assert memory.read(AT, 3 * PAGE) == bytes(3 * PAGE)


@pytest.mark.parametrize("address", [0, 0xFFFF, AT - 1, AT + 4 * PAGE, -1])
def test_which_reads_are_refused(booted: Booted, address: int) -> None:
    assert fault_of(booted.process.memory, address) == (Status.ACCESS_VIOLATION, address, 0)


def test_is_the_kernel_kept_out_of_its_own_half(booted: Booted) -> None:
    layout, memory = booted.kernel.mm.layout, booted.process.memory
    for address in (layout.user_probe_address, layout.system_range_start, layout.system_shared_user_data, 1 << 64):
        assert fault_of(memory, address) == (Status.ACCESS_VIOLATION, address, 0)
        assert fault_of(memory, address, b"x") == (Status.ACCESS_VIOLATION, address, 1)


def test_is_a_guard_page_told_once(booted: Booted) -> None:
    booted.kernel.mm.protect(booted.process, AT, PAGE, PAGE_READWRITE | PAGE_GUARD)
    assert fault_of(booted.process.memory, AT, b"x") == (Status.GUARD_PAGE_VIOLATION, AT, 1)
    booted.process.memory.write(AT, b"x")
    assert booted.process.memory.read(AT, 1) == b"x"


def test_is_the_shared_page_read_only(booted: Booted) -> None:
    memory = booted.process.memory
    assert memory.read_wstring(0x7FFE0030) == "C:\\WINDOWS"
    assert fault_of(memory, 0x7FFE0030, b"D") == (Status.ACCESS_VIOLATION, 0x7FFE0030, 1)
    version = booted.kernel.profile.version
    assert (memory.read_u32(0x7FFE026C), memory.read_u32(0x7FFE0270)) == (version.major, version.minor)


def test_is_the_cpu_told_of_changed_code(booted: Booted) -> None:
    told: list[int] = []
    kernel = booted.kernel
    kernel.mm.pfn.forget_code = told.append
    process = kernel.ps.create_process("new")
    assert process is not None
    _, base, _ = kernel.mm.allocate(process, 0, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    kernel.mm.protect(process, base, PAGE, PAGE_EXECUTE_READWRITE)
    process.memory.write(base + PAGE - 1, b"xy")
    process.memory.read(base, 2 * PAGE)
    entries, tables = kernel.mm.table_memory.entries, process.space.tables
    frames = [kernel.mm.table_memory.format.frame(entries[tables.find(base + at)]) for at in (0, PAGE)]
    assert told == (frames[:1] if kernel.architecture.has_no_execute else frames)


def test_do_numbers_wrap_to_their_size(booted: Booted) -> None:
    memory, at = booted.process.memory, AT + PAGE - 1
    memory.write_u8(at, 0x1FF)
    assert memory.read_u8(at) == 0xFF
    memory.write_u16(at, -2)
    assert memory.read_u16(at) == 0xFFFE
    memory.write_u32(at, 0x112345678)
    assert memory.read_u32(at) == 0x12345678
    memory.write_u64(at, -1)
    assert memory.read_u64(at) == 0xFFFFFFFFFFFFFFFF
    memory.write_pointer(at, -1)
    assert memory.read_pointer(at) == booted.kernel.architecture.address_mask


def test_where_does_text_end(booted: Booted) -> None:
    memory, end = booted.process.memory, AT + 4 * PAGE
    memory.write(AT + PAGE - 2, b"four\0five\0")
    assert [memory.read_cstring(AT + PAGE - 2), memory.read_cstring(AT + PAGE + 3, limit=2)] == [b"four", b"fi"]
    memory.write(AT + 2 * PAGE - 3, "äöü\0".encode("utf-16-le"))
    assert memory.read_wstring(AT + 2 * PAGE - 3) == "äöü"
    memory.write(AT + 2 * PAGE, b"\x00\xd8\x41\x00")
    assert memory.read_wstring(AT + 2 * PAGE, limit=2) == "\ud800A"
    memory.write(end - 4, b"A\0B\0")
    for read in (memory.read_cstring, memory.read_wstring):
        memory.write(end - 4, b"ABCD")
        with pytest.raises(GuestFault) as caught:
            read(end - 4)
        assert (caught.value.status, caught.value.address) == (Status.ACCESS_VIOLATION, end)
