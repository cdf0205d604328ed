"""Does the memory manager driven from Python do what its documentation shows, on every machine?"""

import doctest
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import ntmm
from ntmm import teaching
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_LARGE_PAGES,
    MEM_PHYSICAL,
    MEM_RESERVE,
    PAGE_EXECUTE_READ,
    PAGE_GUARD,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status
from ntmm.teaching import Machine, MemoryFault, Process, RefusedCall, Table

DOCUMENT = Path(__file__).parents[2] / "docs" / "python-api.md"
ARCHITECTURES = ("x86", "pae", "x64", "ia64")


def test_do_the_examples_of_the_documentation_hold() -> None:
    failed, tried = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert tried > 30
    assert failed == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_does_every_architecture_page_and_keep_its_books(architecture: str) -> None:
    with Machine(architecture=architecture, ram=8 << 20) as machine:
        page = machine.memory.architecture.page_size
        processes = [machine.create_process(f"p{number}") for number in range(2)]
        bases = [process.VirtualAlloc(None, 6 << 20) for process in processes]
        for offset in range(0, 6 << 20, page):
            for process, base in zip(processes, bases, strict=True):
                process.write(base + offset, f"{process.name} {offset}".encode())
        for process, base in zip(processes, bases, strict=True):
            for offset in range(0, 6 << 20, page):
                expected = f"{process.name} {offset}".encode()
                assert process.read(base + offset, len(expected)) == expected
        assert "paging_file" in machine.page_faults.column("kind")
        assert machine.audit() == []
        for process in processes:
            machine.end_process(process)
        assert machine.audit() == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_do_two_processes_see_one_section(architecture: str) -> None:
    with Machine(architecture=architecture) as machine:
        section = machine.CreateFileMapping(100_000)
        one, two = machine.create_process("one"), machine.create_process("two")
        here, there = one.MapViewOfFile(section), two.MapViewOfFile(section)
        one.write(here + 50_000, b"shared")
        assert two.read(there + 50_000, 6) == b"shared"
        assert "prototype" not in two.state(there + 50_000)
        assert machine.audit() == []


@pytest.mark.parametrize("architecture", ["pae", "x64", "ia64"])
def test_may_code_be_executed_and_data_not(architecture: str) -> None:
    with Machine(architecture=architecture) as machine:
        process = machine.create_process()
        code = process.VirtualAlloc(None, 1, protection=PAGE_EXECUTE_READ)
        data = process.VirtualAlloc(None, 1)
        process.execute(code)
        with pytest.raises(MemoryFault) as caught:
            process.execute(data)
        assert (caught.value.status, caught.value.access) == (Status.ACCESS_VIOLATION, 8)


def test_does_a_guard_page_raise_once() -> None:
    with Machine() as machine:
        process = machine.create_process()
        base = process.VirtualAlloc(None, 1, protection=PAGE_READWRITE | PAGE_GUARD)
        with pytest.raises(MemoryFault, match="STATUS_GUARD_PAGE_VIOLATION reading"):
            process.read(base)
        assert process.read(base) == b"\0"


def test_how_much_may_a_process_use() -> None:
    with Machine(architecture="pae", boot=ntmm.boot_options("/3GB")) as machine:
        machine.create_process("large").VirtualAlloc(0xB0000000, 4096, MEM_RESERVE)
        with pytest.raises(RefusedCall, match="VirtualAlloc"):
            machine.create_process("small", large_address_aware=False).VirtualAlloc(0xB0000000, 4096, MEM_RESERVE)


def test_does_time_pass_for_the_system_threads() -> None:
    with Machine(ram=16 << 20) as machine:
        before = machine.memory.clock.uptime_100ns()
        machine.let_time_pass(2.5)
        assert machine.memory.clock.uptime_100ns() - before >= 25_000_000


def test_is_a_machine_that_never_was_refused() -> None:
    with pytest.raises(ValueError, match="has no x64 edition"):
        Machine(architecture="x64", windows="nt4")


def test_does_a_table_show_itself_everywhere() -> None:
    table = Table("Numbers", ("name", "value"), [("one", 1), ("<two>", 22)])
    assert repr(table).splitlines() == ["Numbers", "name   value", "one        1", "<two>     22"]
    assert "<td>&lt;two&gt;</td><td>22</td>" in table._repr_html_()
    console = Console(width=40)
    with console.capture() as captured:
        console.print(table)
    assert "one" in captured.get() and "22" in captured.get()
    assert table[1] == ("<two>", 22) and len(table) == 2 and table.column("value") == [1, 22]


def test_is_a_name_that_is_not_there_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = ntmm.Nothing


@pytest.mark.parametrize("name", ["Machine", "MemoryFault", "Process", "Region", "SystemProfile", "boot_options"])
def test_is_a_name_there_before_anything_else_was_imported(name: str) -> None:
    code = f"import ntmm; print(ntmm.{name}.__module__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr[-500:]
    assert run.stdout.startswith("ntmm.")


def test_does_the_package_name_all_that_teaching_offers() -> None:
    assert all(getattr(ntmm, name) is getattr(teaching, name) for name in teaching.__all__)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_are_locked_pages_a_devices_on_every_machine(architecture: str) -> None:
    with Machine(architecture=architecture, ram=16 << 20) as machine:
        page = machine.memory.architecture.page_size
        process = machine.create_process()
        base = process.VirtualAlloc(None, 3 * page)
        process.write(base, b"program")
        locked = process.lock_pages(base, 3 * page - 5, write=True)
        process.empty_working_set()
        locked.write(page - 3, b"across")
        assert (locked.read(0, 7), locked.read(page - 3, 6)) == (b"program", b"across")
        system = locked.map()
        assert machine.physical_address(system) == locked.frames[0] * page
        assert machine.audit() == []
        with pytest.raises(ValueError, match="leaves the"):
            locked.write(3 * page - 6, b"xx")
        locked.unlock()
        with pytest.raises(ValueError, match="unlocked"):
            locked.read(0, 1)
        assert process.read(base + page - 3, 6) == b"across"
        assert machine.audit() == []


def test_is_a_range_that_cannot_be_locked_refused() -> None:
    with Machine() as machine:
        process = machine.create_process()
        with pytest.raises(ValueError, match="at least one byte"):
            process.lock_pages(0x10000, 0)
        with pytest.raises(MemoryFault, match="STATUS_ACCESS_VIOLATION writing 0x10000"):
            process.lock_pages(0x10000, 1, write=True)
        with pytest.raises(RefusedCall, match="MmAllocateContiguousMemory: STATUS_INSUFFICIENT_RESOURCES"):
            machine.allocate_contiguous(1 << 40)
        assert machine.audit() == []


def test_does_it_work_in_a_fresh_interpreter() -> None:
    """Where nothing but `ntmm` was imported."""
    code = "import ntmm; print(ntmm.Machine(architecture='x86', ram=8 << 20)); print({'Table'} & set(dir(ntmm)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "<Machine Windows XP SP2, x86, 8 MB of RAM, 0 processes>\n{'Table'}\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda: Machine("x86"), "a machine is made from a SystemProfile or from keywords"),  # type: ignore[arg-type]
        (lambda: Machine(arch="x86"), "a profile has no field 'arch': choose one of architecture, ram"),
        (lambda: Machine(ram="64M"), "RAM is a number of bytes, such as 64 << 20"),
        (lambda: ntmm.boot_options(3), "boot switches are a text, as in"),
        (lambda: ntmm.registry("LargeSystemCache=1"), "registry values are a list of texts"),
        (lambda: ntmm.registry([3]), "registry values are a list of texts"),
        (lambda: Machine(boot="/3GB"), "boot switches are made with ntmm.boot_options"),
        (lambda: Machine(registry=["LargeSystemCache=1"]), "registry values are made with ntmm.registry"),
        (lambda: Machine(processors=2.5), "processors are a number"),
        (lambda: Machine(paging_files=[64 << 20]), "paging files are a tuple"),
        (lambda: Machine(paging_files=(64 << 20,)), "paging files are a tuple"),
    ],
)
def test_is_a_mistaken_machine_explained(body: Callable[[], Machine], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        body()


@pytest.fixture
def process() -> Iterator[Process]:
    with Machine(architecture="x86", ram=8 << 20) as machine:
        yield machine.create_process()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda process: process.read("x", 1), "an address is a number"),
        (lambda process: process.read(0x10000, -1), "a size is a number from 0 on"),
        (lambda process: process.write(0x10000, "text"), "only bytes can be written"),
        (lambda process: process.VirtualAlloc(None, "x"), "a size is a number from 0 on"),
        (lambda process: process.VirtualAlloc(-5, 1), "an address is a number"),
        (lambda process: process.state(None), "an address is a number"),
        (lambda process: process.VirtualAlloc(None, 1, protection="rw"), "a protection is a number"),
        (lambda process: process.VirtualAlloc(None, 1, "x"), "an allocation type is a number"),
        (lambda process: process.VirtualFree(0x10000, 0, "x"), "a free type is a number"),
        (lambda process: process.VirtualProtect(0x10000, 1, None), "a protection is a number"),
        (lambda process: process.MapViewOfFile(None), "a section is what CreateFileMapping of the same machine"),
        (lambda process: process.lock_pages("x", 1), "an address is a number"),
        (lambda process: process.physical_address(1.5), "an address is a number"),
        (lambda process: process.MapUserPhysicalPages(0x10000, ["x"]), "a frame is a number"),
        (lambda process: process.AllocateUserPhysicalPages(-1), "a count is a number from 0 on"),
        (lambda process: process.vads.column("none"), "'none' is no column: choose one of start, end"),
    ],
)
def test_is_a_mistaken_argument_explained(process: Process, body: Callable[[Any], object], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        body(process)


@pytest.mark.parametrize("number", [-1, 2048, 1 << 60])
def test_is_a_frame_refused_that_is_not_there(number: int) -> None:
    with Machine(architecture="x86", ram=8 << 20) as machine:
        with pytest.raises(ValueError, match="is no frame: this machine has 0x800 of them"):
            machine.frame(number)
        assert machine.frame(2000).column("value")[0] == "zeroed"
        assert machine.frame(2047).column("value") == ["active", "pfn database"]


def test_does_a_closed_machine_say_so() -> None:
    machine = Machine(architecture="x86", ram=8 << 20)
    process = machine.create_process()
    machine.close()
    machine.close()
    for body in (machine.create_process, lambda: process.VirtualAlloc(None, 4096), lambda: machine.let_time_pass(1)):
        with pytest.raises(RuntimeError, match="this machine was closed: make another"):
            body()


def test_do_a_machine_and_a_process_show_themselves_in_a_notebook(process: Process) -> None:
    base = process.VirtualAlloc(None, 3 * 4096)
    process.write(base, b"x")
    shown = process._repr_html_()
    assert shown.startswith("<p>&lt;Process") and "Address descriptors" in shown and hex(base) in shown
    with Machine(architecture="x86", ram=8 << 20) as machine:
        assert "Page lists" in machine._repr_html_()
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(process)
    assert "Address descriptors" in console.export_text()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_are_the_page_tables_of_a_process_shown(architecture: str) -> None:
    with Machine(architecture=architecture, ram=8 << 20) as machine:
        process = machine.create_process()
        before = process.page_tables
        base = process.VirtualAlloc(None, 3 * machine.memory.architecture.page_size)
        process.write(base, b"x")
        process.write(base + 2 * machine.memory.architecture.page_size, b"x")
        tables = process.page_tables
        assert len(tables) > len(before)
        last = [row for row in tables if row[0] == "page table" and row[1] == "0x0"]
        assert [row[-1] for row in last] == [2]
        entry = process.entries(base)
        assert f"frame {last[0][2]}" in str(entry[len(entry) - 2][-1])


def test_is_a_view_unmapped() -> None:
    with Machine(architecture="pae", ram=8 << 20) as machine:
        process, section = machine.create_process(), machine.CreateFileMapping(8192)
        view = process.MapViewOfFile(section)
        process.UnmapViewOfFile(view)
        with pytest.raises(MemoryFault):
            process.read(view)
        with pytest.raises(RefusedCall, match="UnmapViewOfFile: STATUS_NOT_MAPPED_VIEW"):
            process.UnmapViewOfFile(view)


@pytest.mark.parametrize("architecture", ["x86", "pae", "x64", "ia64"])
def test_is_a_large_page_shown_as_one(architecture: str) -> None:
    with Machine(architecture=architecture, ram=128 << 20) as machine:
        process, large = machine.create_process(), machine.memory.architecture.large_page_size
        tables = len(process.page_tables)
        base = process.VirtualAlloc(None, large, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES)
        process.write(base + large - 3, b"end")
        entries = process.entries(base + large - 1)
        assert str(entries.column("meaning")[-1]).endswith(f"accessed dirty, large page of {large >> 20} MB")
        assert entries.column("level")[-1] == "PDE"
        assert process.state(base + large - 1) == entries.column("meaning")[-1]
        assert len(process.page_tables) <= tables + 2 and "page table" not in process.page_tables.column("table")
        process.VirtualFree(base)
        assert machine.audit() == []


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine(architecture="pae", ram=16 << 20) as made:
        yield made


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda machine: machine.create_process(bits=16), "processes of this machine have 32 bits, and not 16"),
        (lambda machine: machine.create_process(bits=64), "processes of this machine have 32 bits, and not 64"),
        (lambda machine: machine.create_process(session=-1), "a session has a number from 0 to 65535"),
        (lambda machine: machine.create_process(session="x"), "a session is a number"),
        (lambda machine: machine.end_process(None), "does not run on this machine"),
        (lambda machine: machine.CreateFileMapping("x"), "a size is a number"),
        (lambda machine: machine.allocate_contiguous(0), "a size is a number above 0"),
        (lambda machine: machine.free_contiguous(None), "what Machine.allocate_contiguous answered is freed"),
        (lambda machine: machine.let_time_pass(float("inf")), "a time is a number of seconds from 0 on"),
        (lambda machine: machine.let_time_pass("x"), "a time is a number of seconds"),
        (lambda machine: machine.frame("x"), "a frame is a number"),
        (lambda machine: machine.physical_address(None), "an address is a number"),
    ],
)
def test_is_what_a_machine_cannot_do_explained(machine: Machine, body: Callable[[Any], object], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        body(machine)
    assert machine.audit() == [] and machine.processes == []


def test_does_an_ended_process_say_so(machine: Machine) -> None:
    process = machine.create_process("gone")
    process.write(process.VirtualAlloc(None, 4096), b"x")
    machine.end_process(process)
    calls = (
        lambda: process.VirtualAlloc(None, 4096),
        lambda: process.read(0x10000),
        lambda: process.vads,
        lambda: process.page_tables,
        lambda: process.session,
        lambda: process.physical_address(0x10000),
    )
    for body in calls:
        with pytest.raises(RuntimeError, match="process 'gone' has ended: make another"):
            body()
    assert repr(process) == "<Process 'gone', ended>" and "table" not in process._repr_html_()
    with pytest.raises(ValueError, match="<Process 'gone', ended> does not run on this machine"):
        machine.end_process(process)
    assert machine.audit() == []


def test_is_what_another_machine_made_refused(machine: Machine) -> None:
    with Machine(architecture="pae", ram=16 << 20) as other:
        process, section = machine.create_process(), machine.CreateFileMapping(4096)
        with pytest.raises(ValueError, match="does not run on this machine"):
            other.end_process(process)
        with pytest.raises(ValueError, match="a section is what CreateFileMapping of the same machine"):
            other.create_process().MapViewOfFile(section)
        assert other.audit() == [] and machine.audit() == []


def test_has_every_process_an_id_of_its_own(machine: Machine) -> None:
    first, second = machine.create_process(), machine.create_process()
    machine.end_process(first)
    third = machine.create_process()
    assert len({process.space.process_id for process in (first, second, third)}) == 3


def test_is_a_process_refused_that_ram_has_no_room_for() -> None:
    with Machine(architecture="x86", ram=4 << 20) as machine:
        with pytest.raises(RefusedCall, match="MmCreateProcessAddressSpace: STATUS_NO_MEMORY"):
            _ = [machine.create_process() for _ in range(2000)]
        assert machine.audit() == []


@pytest.mark.parametrize(
    ("architecture", "switches", "nx_compatible", "executed"),
    [
        ("x86", "", True, True),
        ("pae", "/EXECUTE", True, True),
        ("pae", "/NOEXECUTE=OPTIN", True, False),
        ("pae", "/NOEXECUTE=OPTIN", False, True),
        ("pae", "/NOEXECUTE=OPTOUT", False, False),
        ("x64", "/NOEXECUTE=ALWAYSOFF", False, False),
    ],
)
@pytest.mark.parametrize("kind", [MEM_RESERVE | MEM_COMMIT, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES])
def test_is_data_executed_where_dep_does_not_forbid_it(
    architecture: str, switches: str, nx_compatible: bool, executed: bool, kind: int
) -> None:
    with Machine(architecture=architecture, ram=16 << 20, boot=ntmm.boot_options(switches)) as machine:
        process = machine.create_process(nx_compatible=nx_compatible)
        data = process.VirtualAlloc(None, machine.large_page_minimum, kind)
        if executed:
            process.execute(data)
        else:
            with pytest.raises(MemoryFault, match="STATUS_ACCESS_VIOLATION executing"):
                process.execute(data)
        assert machine.audit() == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_are_physical_pages_seen_through_a_window(architecture: str) -> None:
    with Machine(architecture=architecture, ram=16 << 20) as machine:
        process, page = machine.create_process(), machine.memory.architecture.page_size
        frames = process.AllocateUserPhysicalPages(20)
        window = process.VirtualAlloc(None, 2 * page, MEM_RESERVE | MEM_PHYSICAL)
        for first in range(0, 20, 2):
            process.MapUserPhysicalPages(window, frames[first : first + 2])
            process.write(window + page, bytes([first]))
        process.MapUserPhysicalPages(window, frames[4:6])
        assert process.read(window + page) == b"\4"
        process.MapUserPhysicalPages(window, None, count=2)
        with pytest.raises(MemoryFault):
            process.read(window)
        with pytest.raises(RefusedCall, match="MapUserPhysicalPages: STATUS_CONFLICTING_ADDRESSES"):
            process.MapUserPhysicalPages(window, [0])
        assert process.AllocateUserPhysicalPages(0) == []
        process.FreeUserPhysicalPages(frames)
        with pytest.raises(RefusedCall, match="FreeUserPhysicalPages"):
            process.FreeUserPhysicalPages(frames[:1])
        assert machine.audit() == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda session: session.allocate(-1), "a size is a number above 0"),
        (lambda session: session.allocate(1, "toolong"), "a tag has one to four letters"),
        (lambda session: session.free(0x1234), "no block of this session's pool begins at 0x1234"),
        (lambda session: session.map_view(None), "a section is what CreateFileMapping of the same machine"),
        (lambda session: session.unmap_view("x"), "an address is a number"),
        (lambda session: session.read("x", 1), "an address is a number"),
        (lambda session: session.write(0x1000, "x"), "only bytes can be written"),
    ],
)
def test_is_what_a_session_cannot_do_explained(machine: Machine, body: Callable[[Any], object], sentence: str) -> None:
    session = machine.create_process(session=1).session
    with pytest.raises((TypeError, ValueError), match=sentence):
        body(session)
    assert machine.audit() == []


def test_is_what_a_device_cannot_do_explained(machine: Machine) -> None:
    process = machine.create_process()
    locked = process.lock_pages(process.VirtualAlloc(None, 4096), 4096)
    with pytest.raises(TypeError, match="an address is a number"):
        locked.read("x", 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="only bytes can be written"):
        locked.write(0, "x")  # type: ignore[arg-type]
    locked.unlock()
