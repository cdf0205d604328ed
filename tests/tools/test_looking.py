"""Do the commands show what the page tables, the PFN database and the lists hold, and change nothing?"""

import pytest

from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.mm.working_set import may_trim, trim_entry
from ntmm.tools.commands.memory import MemoryRow, StringRow
from ntmm.tools.commands.memusage import StateRow, UsageRow
from ntmm.tools.commands.modules import ModuleRow
from ntmm.tools.commands.pfn import PfnRow
from ntmm.tools.commands.process import ProcessDetailRow, ProcessRow, ThreadRow
from ntmm.tools.commands.pte import PteRow
from ntmm.tools.commands.registers import RegistersRow
from ntmm.tools.commands.sysptes import FreeBlockRow, FreeSizeRow, SystemPtesRow
from ntmm.tools.commands.vad import VadDetailRow, VadRow, VadTotalRow
from ntmm.tools.commands.vm import CommitRow, VmRow
from ntmm.tools.commands.wsle import WorkingSetRow, WsleRow
from tests.tools.debugging import MACHINES, Debugged, debugging, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)
LEVELS = {"x86": ["PDE", "PTE"], "pae": ["PPE", "PDE", "PTE"], "x64": ["PXE", "PPE", "PDE", "PTE"]}


def ptes(debugged: Debugged, place: str) -> list[PteRow]:
    return [row for row in debugged.rows(f"!pte {place}") if isinstance(row, PteRow)]


@PLACES
def test_does_an_untouched_page_of_an_image_lead_to_its_prototype_pte_until_it_is_touched(
    folder: str, architecture: str
) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        debugged.rows("bp fault")
        fault = debugged.stop("g")
        assert fault.address is not None and fault.entry == "Zero"
        *upper, pte, prototype = ptes(debugged, f"{fault.address:x}")
        assert [row.level for row in (*upper, pte)] == LEVELS[architecture]
        assert {row.state for row in upper} == {"Valid"}
        assert (pte.contains, pte.state, pte.pfn) == (0, "Zero", None)
        assert (prototype.level, prototype.protection) == ("Proto", "EXECUTE_READ")
        debugged.rows("bc *")
        debugged.stop("t")
        touched = ptes(debugged, f"{fault.address:x}")[-1]
        assert (touched.level, touched.state) == ("PTE", "Valid") and touched.bits.endswith("UREV")
        assert touched.pfn is not None
        entry = debugged.only(PfnRow, f"!pfn {touched.pfn:x}")
        assert (entry.state, entry.pte_address, entry.share_count) == ("Active", prototype.address, 1)
        assert (entry.restore_pte, entry.flags) == (prototype.contains, "P") or prototype.state != "Subsection"


@PLACES
def test_is_a_stack_page_private_and_its_unused_neighbour_without_memory(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        sp = "@rsp" if folder == "x64" else "@esp"
        page = ptes(debugged, sp)[-1]
        assert page.state == "Valid" and "W" in page.bits and page.pfn is not None
        entry = debugged.only(PfnRow, f"!pfn {page.pfn:x}")
        assert (entry.use, entry.pte_address, entry.reference_count) == ("process private", page.address, 1)
        assert entry.restore_pte == 0x80
        guard = ptes(debugged, f"{sp}-1000")[-1]
        assert (guard.state, guard.protection) == ("DemandZero", "READWRITE|GUARD")
        unknown = ptes(debugged, "1000")[-1]
        assert unknown.state == "Zero"
        assert unknown.details in ("no VAD holds the address", "no page table")


@PLACES
def test_do_the_pages_of_ram_add_up(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        rows = debugged.rows("!memusage")
        states = {row.state: row.pages for row in rows if isinstance(row, StateRow)}
        total = states.pop("TOTAL")
        assert total == sum(states.values()) == 16384
        usage = [row for row in rows if isinstance(row, UsageRow)]
        in_use = sum(row.valid + row.standby + row.dirty + row.page_tables for row in usage)
        mapped = [state for state in states if state not in ("Zeroed", "Free", "Bad")]
        assert in_use == sum(states[state] for state in mapped) * 4
        assert {row.name for row in usage if row.control is not None} >= {"c:\\windows\\system32\\ntdll.dll"}
        vm = {row.name: row for row in debugged.rows("!vm") if isinstance(row, VmRow)}
        assert (vm["Physical Memory"].pages, vm["Physical Memory"].kilobytes) == (16384, 65536)
        assert vm["Available Pages"].pages == states["Zeroed"] + states["Free"] + states["Standby"]
        commits = [row for row in debugged.rows("!vm") if isinstance(row, CommitRow)]
        assert [row.image for row in commits] == ["hello.exe"]
        pfn = debugged.session.debugger.kernel.mm.pfn
        active = sum(state == PageState.ACTIVE for state in bytes(pfn.state[: pfn.high_water]))
        assert states["Active/Valid"] == active + len(pfn.database)


@PLACES
def test_does_the_process_show_its_memory_and_its_threads(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        brief = debugged.only(ProcessRow, "!process 0")
        detail = debugged.only(ProcessDetailRow, "!process")
        thread = debugged.only(ThreadRow, "!process")
        assert (brief.image, brief.state, detail.cid) == ("hello.exe", "running", brief.cid)
        vads = [row for row in debugged.rows("!vad") if isinstance(row, VadRow)]
        total = debugged.only(VadTotalRow, "!vad")
        assert detail.vads == len(vads) == total.count
        assert total.commit == sum(row.commit for row in vads)
        assert [row.start for row in vads] == sorted(row.start for row in vads)
        program = next(row for row in vads if row.details.endswith("hello.exe"))
        assert (program.kind, program.exe, program.protection) == ("Mapped", "Exe", "EXECUTE_WRITECOPY")
        header = debugged.only(WorkingSetRow, "!wsle")
        pages = [row for row in debugged.rows("!wsle") if isinstance(row, WsleRow)]
        assert header.size == len(pages) == detail.working_set <= header.last_entry + 1
        assert len({row.index for row in pages}) == len(pages)
        assert (thread.state, thread.symbol) == ("running", "ntmmrt!NtmmProcessStart")
        registers = debugged.only(RegistersRow, "r").registers
        assert registers["rip" if folder == "x64" else "eip"] == thread.pc


def test_are_the_six_threads_of_the_memory_manager_shown_with_their_priorities() -> None:
    """The lecture's list: 16, 23, 17, 17, 18, 0."""
    with debugging(sample("x86", "hello")) as debugged:
        rows = [row for row in debugged.rows("!process 4") if isinstance(row, ThreadRow)]
        priorities = {row.symbol: row.priority for row in rows}
        expected = {
            "KeBalanceSetManager": 16,
            "KeSwapProcessOrStack": 23,
            "MiModifiedPageWriter": 17,
            "MiMappedPageWriter": 17,
            "MiDereferenceSegmentThread": 18,
            "MmZeroPageThread": 0,
        }
        assert expected.items() <= priorities.items()
        assert {row.teb for row in rows} == {row.pc for row in rows} == {None}
        process = debugged.only(ProcessRow, "!process 4 0")
        assert (process.cid, process.image, process.parent) == (4, "System", 0)


@PLACES
def test_is_the_header_of_the_working_set_list_what_the_list_says(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        working_set = debugged.session.debugger.process.space.working_set
        header = debugged.only(WorkingSetRow, "!wsle")
        assert header.first_free == -1  # nothing was trimmed yet
        assert (header.first_dynamic, header.next_slot) == (working_set.first_dynamic, working_set.next_slot)
        size = 8 if folder == "x64" else 4
        assert header.last_initialized == (working_set.list_pages * 0x1000 - 0x80) // size - 1
        assert header.last_entry <= header.last_initialized
        assert 0 < header.non_direct < header.size
        entries = list(working_set.entries())[working_set.first_dynamic :]
        gone = next(entry.index for entry in entries if may_trim(working_set, working_set.value(entry.index)))
        trim_entry(working_set, gone)
        assert debugged.only(WorkingSetRow, "!wsle").first_free == gone


@PLACES
def test_do_the_free_system_ptes_add_up(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        total = debugged.only(SystemPtesRow, "!sysptes")
        blocks = [row.entries for row in debugged.rows("!sysptes") if isinstance(row, FreeBlockRow)]
        sizes = [row for row in debugged.rows("!sysptes") if isinstance(row, FreeSizeRow)]
        assert total.total == total.free + total.used
        assert total.free == total.not_made + sum(blocks)
        assert (total.blocks, total.largest) == (len(blocks), max(blocks))
        assert sorted(row.size for row in sizes for _ in range(row.runs)) == sorted(blocks)
        assert total.end - total.start == (total.total - 1) * (4 if architecture == "x86" else 8)


@PLACES
def test_are_flags_behind_an_id_honoured_and_anything_more_refused(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        cid = f"{debugged.only(ProcessRow, '!process 0').cid:x}"
        kinds = [[type(row) for row in debugged.rows(f"!process {text}")] for text in ("0 7", f"{cid} 0", f"{cid} 1")]
        assert kinds == [[ProcessDetailRow, ThreadRow], [ProcessRow], [ProcessDetailRow]]
        for line in (f"!process {cid} 7 7", f"!vad {cid} zz", f"!vad {cid} 1 1", f"!wsle {cid} 1", f"!pfn {cid} 1"):
            assert debugged.session.execute(line).error is not None, line


@PLACES
def test_are_descriptors_the_same_in_full(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        cid = f"{debugged.only(ProcessRow, '!process 0').cid:x}"
        brief = [row for row in debugged.rows(f"!vad {cid}") if isinstance(row, VadRow)]
        full = [row for row in debugged.rows(f"!vad {cid} 1") if isinstance(row, VadDetailRow)]
        assert [(row.start, row.end, row.commit) for row in full] == [(row.start, row.end, row.commit) for row in brief]
        size = 4 if architecture == "x86" else 8
        views = [row for row in full if row.control_area is not None]
        assert views
        for row in views:
            assert row.first_prototype is not None and row.last_prototype is not None
            assert 0 <= row.last_prototype - row.first_prototype <= (row.end - row.start) * size
            assert row.inherit in ("ViewShare", "ViewUnmap")
        assert all(row.first_prototype is row.offset is None for row in full if row.control_area is None)


@PLACES
def test_is_memory_shown_in_each_size_and_as_text(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), "one", architecture=architecture) as debugged:
        modules = [row for row in debugged.rows("lm") if isinstance(row, ModuleRow)]
        assert {row.module for row in modules} == {"hello", "ntdll", "kernel32", "ntmmrt", "ucrtbase"}
        debugged.rows("bp kernel32!WriteFile")
        debugged.stop("g")
        text_at = next(address for address in registers_of(debugged) if text_of(debugged, address).startswith("Hello"))
        assert text_of(debugged, text_at).startswith("Hello from a ")
        bytes_row = debugged.only(MemoryRow, f"db {text_at:x} L5")
        assert (bytes(value or 0 for value in bytes_row.values), bytes_row.text) == (b"Hello", "Hello")
        assert debugged.only(MemoryRow, f"dw {text_at:x} L1").values == (0x6548,)
        assert debugged.only(MemoryRow, f"dd {text_at:x} L1").values == (0x6C6C6548,)
        assert debugged.only(MemoryRow, f"dq {text_at:x} L1").values == (0x7266206F6C6C6548,)
        pointer = debugged.only(MemoryRow, f"dp {text_at:x} L1")
        assert pointer.size == (8 if folder == "x64" else 4)


def registers_of(debugged: Debugged) -> list[int]:
    """Values that may point to the text: registers, and the first words of the stack."""
    registers = debugged.only(RegistersRow, "r").registers
    sp = registers.get("rsp") or registers["esp"]
    words = [row.values for row in debugged.rows(f"dp {sp:x} L10") if isinstance(row, MemoryRow)]
    return [*registers.values(), *(value for line in words for value in line if value is not None)]


def text_of(debugged: Debugged, address: int) -> str:
    result = debugged.session.execute(f"da {address:x}")
    return result.rows[0].text if result.rows and isinstance(result.rows[0], StringRow) else ""


def test_can_commands_mean_a_process_after_its_program_has_ended() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        debugged.stop("g")
        assert debugged.only(ProcessDetailRow, "!process").state == "ended with 0x0"
        assert len(debugged.rows("!vad")) > 5 and len(debugged.rows("!pte 401000")) >= 3
        assert debugged.error("r") == debugged.error("db @esp") == "no thread is stopped, so there are no registers"


def test_does_looking_touch_nothing() -> None:
    with debugging(sample("x64", "hello")) as debugged:
        kernel = debugged.session.debugger.kernel
        before, counts = bytes(kernel.ram.bytes), list(kernel.mm.pfn.moves)
        commands = "lm; r; db @rsp; dp @rip-100; du @rsp; !process 0; !process; !vad; !pte @rip; !pte @rsp; !pfn 50"
        for (
            command
        ) in f"{commands}; !memusage; !vm; !wsle; !sysptes; !heap -a; .help; ? main; ? @rip; bl; .process 8".split(";"):
            debugged.session.execute(command.strip())
        assert bytes(kernel.ram.bytes) == before and list(kernel.mm.pfn.moves) == counts
