"""(g) Large pages against small ones under a program that touches memory at random: faults, page tables, time."""

from dataclasses import dataclass

from benchmarks.result import Result, best_of, seconds
from benchmarks.small_machine import SmallMachine, small_machine
from ntmm.nt.memory import MEM_COMMIT, MEM_LARGE_PAGES, MEM_RESERVE, PAGE_READWRITE

SIZE = 64 << 20
TOUCHES = 200_000
RAM = 256 << 20

# next: imul eax, eax, 1664525 / add eax, 1013904223 / mov edx, eax / shr edx, 6 / mov byte [rdi + rdx], 1 /
# dec ecx / jnz next / int 2Eh; the same bytes on 32 and 64 bit
CODE = bytes.fromhex("69c00d661900 055ff36e3c 89c2 c1ea06 c6041701 ffc9 75e8 cd2e")


@dataclass
class Figures:
    """What the last run of each kind cost."""

    faults: int = 0
    tables: int = 0


def measure() -> list[Result]:
    """Faults, page-table pages and seconds, for each architecture with no-execute pages."""
    results = []
    for architecture in ("pae", "x64"):
        small, large = Figures(), Figures()
        times = best_of(3, lambda: _run(architecture, 0, small), lambda: _run(architecture, MEM_LARGE_PAGES, large))  # noqa: B023
        name = f"(g) large pages to small, {architecture}: "
        results += [
            Result(name + "faults", large.faults, small.faults, "count", large.faults / small.faults, at_most=0.01),
            Result(name + "page tables", large.tables, small.tables, "pages", large.tables / small.tables, at_most=0.5),
            Result(name + "time", times[1], times[0], "s", times[1] / times[0], at_most=1.0),
        ]
    return results


def _run(architecture: str, kind: int, figures: Figures) -> float:
    with small_machine(architecture, RAM, CODE, 4096) as machine:
        kernel, process, tables = machine.kernel, machine.process, machine.process.space.tables
        before = process.space.page_fault_count, tables.tables

        def whole() -> None:
            status, base, _ = kernel.mm.allocate(process, 0, SIZE, MEM_RESERVE | MEM_COMMIT | kind, PAGE_READWRITE)
            assert not status
            _prepare(machine, base)
            kernel.traps.system_call = lambda thread: kernel.ps.exit_process(process, 0)
            kernel.ps.start(machine.thread)
            kernel.scheduler.run(lambda: process.ended)

        taken = seconds(whole)
        figures.faults, figures.tables = process.space.page_fault_count - before[0], tables.tables - before[1]
        return taken


def _prepare(machine: SmallMachine, base: int) -> None:
    context, slots = machine.thread.context, machine.kernel.cpu.slots
    context.u64[slots.rdi] = base
    context.u64[slots.rcx] = TOUCHES
    context.u64[slots.rax] = 1
