"""Session space: do the processes of a session share it, and is it another one in each session?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.session.structure import unpack_fields
from ntmm.kernel.ps import Process
from ntmm.kernel.se import Token
from ntmm.kernel.se.accounts import DEFAULT_USER
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT, SEC_RESERVE
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry
from ntmm.nt.status import Status

MB = 1 << 20
PAGE = 0x1000
UNIT = 0x10000

# The argument is an address. On 32 bit it is on the stack: mov ecx, [esp + 4].
TAKE_32 = bytes.fromhex("8b4c2404")
STORE = bytes.fromhex("c60107 b801000000")  # mov byte [ecx], 7 / mov eax, 1
LOAD = bytes.fromhex("0fb601")  # movzx eax, byte [ecx]
RETURN_32, RETURN_64 = bytes.fromhex("c20400"), bytes.fromhex("c3")


def code(kernel: Kernel, body: bytes) -> bytes:
    return body + RETURN_64 if kernel.architecture.bits == 64 else TAKE_32 + body + RETURN_32


@contextmanager
def booted(
    folder: Path, architecture: str, *registry: str, windows: str = "auto", switches: str = "", ram: int = 64 * MB
) -> Iterator[Kernel]:
    volume = Volume(folder)
    boot, values = parse_boot_options(switches), parse_registry(registry)
    kernel = Kernel(
        SystemProfile(architecture, ram, windows=windows, boot=boot, registry=values), volume, checking=True
    )
    try:
        yield kernel
        problems = audit(kernel.mm)
        assert not problems, problems[:5]
    finally:
        kernel.close()
        volume.close()


@pytest.fixture(params=["x86", "pae", "x64", "x86 /3GB", "pae /3GB /USERVA=2800"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    architecture, _, switches = request.param.partition(" ")
    with booted(tmp_path, architecture, switches=switches, windows="2003-sp1") as made:
        yield made


def process_in(kernel: Kernel, session: int) -> Process:
    process = kernel.ps.create_process(f"program{session}.exe", token=Token(DEFAULT_USER, session))
    assert process is not None
    return process


def section_of(kernel: Kernel, size: int, attributes: int = SEC_COMMIT) -> Section:
    status, section = kernel.mm.create_section(None, size, PAGE_READWRITE, attributes)
    assert section is not None, hex(status)
    section.reference()
    return section


def block_in(kernel: Kernel, process: Process, size: int = PAGE) -> int:
    status, address = kernel.mm.allocate_session_pool(process, size, "Test")
    assert status is Status.SUCCESS
    return address


def test_do_processes_of_one_session_share_its_pool_and_no_other_sees_it(kernel: Kernel) -> None:
    one, two, other = process_in(kernel, 1), process_in(kernel, 1), process_in(kernel, 2)
    mine, theirs = block_in(kernel, one), block_in(kernel, other)
    assert mine == theirs == kernel.mm.layout.session_pool  # the same address in both sessions
    kernel.mm.write_session(one, mine, b"session 1")
    kernel.mm.write_session(other, theirs, b"session 2")
    assert kernel.mm.read_session(two, mine, 9) == b"session 1"
    assert kernel.mm.read_session(other, theirs, 9) == b"session 2"
    assert audit(kernel.mm) == []


def test_does_the_processor_see_the_session_of_the_process_it_runs_in(kernel: Kernel) -> None:
    one, two, other = process_in(kernel, 1), process_in(kernel, 1), process_in(kernel, 2)
    block = block_in(kernel, one)
    assert block_in(kernel, other) == block
    writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    assert kernel.drivers.call(writer.base, block, process=one) == 1
    assert kernel.drivers.call(reader.base, block, process=two) == 7
    assert kernel.drivers.call(reader.base, block, process=other) == 0
    with pytest.raises(Bugcheck) as caught:  # System belongs to no session
        kernel.drivers.call(reader.base, block)
    assert (caught.value.code, caught.value.parameters[0]) == (BugcheckCode.PAGE_FAULT_IN_NONPAGED_AREA, block)


def test_is_session_space_closed_to_programs(kernel: Kernel) -> None:
    process = process_in(kernel, 1)
    outcome = kernel.mm.cpu_fault(process.space, block_in(kernel, process), 5, 0)
    assert outcome.status == Status.ACCESS_VIOLATION


def test_does_a_session_begin_with_its_first_process_and_end_with_its_last(kernel: Kernel) -> None:
    before = kernel.mm.ledger.committed - kernel.mm.system_account.pages
    one, two = process_in(kernel, 3), process_in(kernel, 3)
    session = one.space.session
    assert session is not None and two.space.session is session
    assert list(kernel.mm.sessions_by_id) == [3]
    block_in(kernel, one, 5 * PAGE)
    section = section_of(kernel, 3 * UNIT)
    status, view, _ = kernel.mm.map_view_in_session_space(two, section)
    assert status is Status.SUCCESS
    kernel.mm.write_session(two, view, b"x" * UNIT)
    kernel.ps.abandon_process(one)
    assert session.fields().references == 1
    assert kernel.mm.read_session(two, view, 1) == b"x"
    kernel.ps.abandon_process(two)
    assert not kernel.mm.sessions_by_id
    section.dereference()
    assert audit(kernel.mm) == []
    assert kernel.mm.ledger.committed - kernel.mm.system_account.pages == before
    again = process_in(kernel, 3)
    assert kernel.mm.read_session(again, block_in(kernel, again), 8) == bytes(8)


def test_what_says_the_structure_in_each_process(kernel: Kernel) -> None:
    one, two = process_in(kernel, 1), process_in(kernel, 1)
    block_in(kernel, one)
    layout, size = kernel.mm.layout, kernel.architecture.pointer_size
    found = unpack_fields(kernel.mm.read_session(two, layout.session_structure, 0x60), size)
    session = one.space.session
    assert session is not None
    assert (found.address, found.session_id, found.references) == (layout.session_structure, 1, 2)
    assert found.pool_start == layout.session_pool
    assert found.committed == session.account.pages
    # the same page through the tables of both processes
    for process in (one, two):
        index = process.space.tables.find(layout.session_structure)
        assert kernel.mm.table_memory.entries[index] & 1
        assert index == session.tables.find(layout.session_structure)


def test_share_processes_a_session_page_tables_that_are_made_later(kernel: Kernel) -> None:
    one, two = process_in(kernel, 1), process_in(kernel, 1)
    block = block_in(kernel, one, 4 * MB)  # more than a page table maps on PAE
    last = block + 4 * MB - 8
    kernel.mm.write_session(one, last, b"far away")
    assert two.space.tables.find(last) == one.space.tables.find(last) >= 0
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    assert kernel.drivers.call(reader.base, last, process=two) == ord("f")


def test_show_views_of_two_sessions_one_section(kernel: Kernel) -> None:
    one, other = process_in(kernel, 1), process_in(kernel, 2)
    section = section_of(kernel, 2 * PAGE)
    mapped = [kernel.mm.map_view_in_session_space(process, section) for process in (one, other)]
    assert [status for status, _, _ in mapped] == [Status.SUCCESS] * 2
    (_, first, size), (_, second, _) = mapped
    assert first == second == kernel.mm.layout.session_views
    assert size == 2 * PAGE
    kernel.mm.write_session(one, first + PAGE - 2, b"both")
    assert kernel.mm.read_session(other, second + PAGE - 2, 4) == b"both"
    writer = kernel.drivers.load("writer.sys", code(kernel, STORE))
    assert kernel.drivers.call(writer.base, first, process=other) == 1
    assert kernel.mm.read_session(one, first, 1) == b"\7"
    assert audit(kernel.mm) == []
    assert kernel.mm.unmap_view_in_session_space(one, first + UNIT) is Status.NOT_MAPPED_VIEW
    assert kernel.mm.unmap_view_in_session_space(one, first) is Status.SUCCESS
    section.dereference()
    assert kernel.mm.read_session(other, second, 1) == b"\7"
    assert audit(kernel.mm) == []
    assert kernel.mm.unmap_view_in_session_space(other, second) is Status.SUCCESS


@pytest.mark.parametrize("architecture", ["x86", "pae"])
def test_end_pool_and_views_where_the_registry_says(architecture: str, tmp_path: Path) -> None:
    sizes = ("SessionPoolSize=4", "SessionViewSize=4")
    with booted(tmp_path, architecture, *sizes, windows="2003-sp1") as kernel:
        process = process_in(kernel, 1)
        blocks = []
        while True:
            status, address = kernel.mm.allocate_session_pool(process, UNIT, "Fill")
            if status is not Status.SUCCESS:
                break
            blocks.append(address)
        assert (status, len(blocks)) == (Status.INSUFFICIENT_RESOURCES, 4 * MB // UNIT)
        other = process_in(kernel, 2)
        block_in(kernel, other)  # another session has its own
        kernel.mm.free_session_pool(process, blocks.pop(7))
        assert kernel.mm.allocate_session_pool(process, UNIT, "Fill")[0] is Status.SUCCESS
        section = section_of(kernel, MB + 1)
        views = []
        while True:
            status, address, _ = kernel.mm.map_view_in_session_space(process, section)
            if status is not Status.SUCCESS:
                break
            views.append(address)
        assert status is Status.NO_MEMORY
        assert [view - views[0] for view in views] == [0, MB + UNIT, 2 * MB + 2 * UNIT]
        assert kernel.mm.unmap_view_in_session_space(process, views[1]) is Status.SUCCESS
        assert kernel.mm.map_view_in_session_space(process, section)[:2] == (Status.SUCCESS, views[1])
        section.dereference()


def test_is_memory_of_a_section_that_is_only_reserved_no_memory_of_the_session(kernel: Kernel) -> None:
    process = process_in(kernel, 1)
    section = section_of(kernel, UNIT, SEC_RESERVE)
    status, view, _ = kernel.mm.map_view_in_session_space(process, section)
    assert status is Status.SUCCESS
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    with pytest.raises(Bugcheck):
        kernel.drivers.call(reader.base, view, process=process)
    section.dereference()


def test_go_pages_of_a_session_to_the_paging_file_and_back(kernel: Kernel) -> None:
    process = process_in(kernel, 1)
    block = block_in(kernel, process, 6 * PAGE)
    section = section_of(kernel, 4 * PAGE)
    _, view, _ = kernel.mm.map_view_in_session_space(process, section)
    contents = bytes(range(256)) * (4 * PAGE // 256)
    kernel.mm.write_session(process, block, contents)
    kernel.mm.write_session(process, view, contents[::-1])
    session = process.space.session
    assert session is not None and session.working_set.count >= 8
    owner = next(owner for owner in kernel.mm._working_set_owners() if owner.working_set is session.working_set)
    kernel.mm.pageout.working_sets.empty(owner)
    assert session.working_set.count == 0
    assert audit(kernel.mm) == []
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    assert kernel.drivers.call(reader.base, block + 3, process=process) == 3
    assert kernel.drivers.call(reader.base, view, process=process) == 255
    assert kernel.mm.read_session(process, block, 4 * PAGE) == contents
    assert kernel.mm.read_session(process, view, 4 * PAGE) == contents[::-1]
    section.dereference()


@pytest.mark.parametrize("windows", ["nt4", "2000"])
def test_have_systems_before_xp_no_session_space(windows: str, tmp_path: Path) -> None:
    with booted(tmp_path, "x86", windows=windows) as kernel:
        assert process_in(kernel, 0).space.session is None
        assert not kernel.mm.sessions_by_id


def test_is_a_process_of_a_session_swapped_out_and_shown_the_session_of_today(kernel: Kernel) -> None:
    one, two = process_in(kernel, 1), process_in(kernel, 1)
    block = block_in(kernel, one)
    kernel.mm.write_session(one, block, b"before")
    assert kernel.mm.out_swap(two.space)
    assert audit(kernel.mm) == []
    far = block_in(kernel, one, 8 * MB) + 8 * MB - 1  # tables that the other one has not seen
    kernel.mm.write_session(one, far, b"!")
    kernel.mm.in_swap(two.space)
    assert audit(kernel.mm) == []
    reader = kernel.drivers.load("reader.sys", code(kernel, LOAD))
    assert kernel.drivers.call(reader.base, far, process=two) == ord("!")
    assert kernel.drivers.call(reader.base, block, process=two) == ord("b")
