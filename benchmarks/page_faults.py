"""(b) Demand-zero faults of a program that touches pages, against a bare trap loop that only maps a page."""

from benchmarks.result import Result, best_of, seconds
from benchmarks.small_machine import SmallMachine, small_machine
from ntmm.hw.cpu import ExitReason

PAGES = 20_000
RAM = 256 << 20

# next: mov byte [rax], 1 / add eax, 1000h / dec ecx / jnz next / int 2Eh; the same bytes on 32 and 64 bit but for dec
TOUCH_32 = bytes.fromhex("c60001 0500100000 49 75f5 cd2e")
TOUCH_64 = bytes.fromhex("c60001 480500100000 ffc9 75f3 cd2e")


def measure() -> list[Result]:
    """One result for each architecture with no-execute pages."""
    results = []
    for architecture, code in (("pae", TOUCH_32), ("x64", TOUCH_64)):
        ours, bare = best_of(5, lambda a=architecture, c=code: _ours(a, c), lambda a=architecture, c=code: _bare(a, c))
        rate, bare_rate = PAGES / ours, PAGES / bare
        name = f"(b) demand-zero faults, {architecture}"
        results.append(Result(name, rate, bare_rate, "faults/s", rate / bare_rate, at_least=0.5))
    return results


def _prepare(machine: SmallMachine) -> None:
    context, slots = machine.thread.context, machine.kernel.cpu.slots
    context.u64[slots.rax] = machine.data
    context.u64[slots.rcx] = PAGES


def _ours(architecture: str, code: bytes) -> float:
    with small_machine(architecture, RAM, code, PAGES << 12) as machine:
        _prepare(machine)
        kernel, process = machine.kernel, machine.process
        kernel.traps.system_call = lambda thread: kernel.ps.exit_process(process, 0)
        kernel.ps.start(machine.thread)
        return seconds(lambda: kernel.scheduler.run(lambda: process.ended))


def _bare(architecture: str, code: bytes) -> float:
    """The page tables are there already; the handler stores one entry and goes on."""
    with small_machine(architecture, RAM, code, PAGES << 12) as machine:
        _prepare(machine)
        kernel, tables = machine.kernel, machine.process.space.tables
        places = [tables.ensure(machine.data + (page << 12), user=True) for page in range(PAGES)]
        kernel.mm.cpu_fault(machine.process.space, machine.thread.context.pc, 0x15, 0)
        entries, frame, bits = kernel.mm.table_memory.entries, kernel.mm.pfn.high_water, 0x67 | 1 << 63
        cpu, context, run, first = kernel.cpu, machine.thread.context, kernel.cpu.run, machine.data

        def loop() -> None:
            page_fault, next_frame = ExitReason.PAGE_FAULT, frame
            while run(context) is page_fault:
                entries[places[(cpu.fault_address - first) >> 12]] = next_frame << 12 | bits
                next_frame += 1

        return seconds(loop)
