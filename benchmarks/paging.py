"""(e) Paging against demand-zero faults of the same program in the same process, and I/Os of a sequential writer.

A program numbers its pages in order; then its working set is emptied, or its pages are driven out to the paging file,
and it looks whether each still has its number. The ratios of faults are medians of those of single rounds, in which
both sides are measured within a second of each other.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from benchmarks.result import Result, best_of_all, seconds
from benchmarks.small_machine import SmallMachine, small_machine
from ntmm.kernel.mm.pfn import PageUse, PfnDatabase
from ntmm.kernel.mm.working_set.scan import age_all, trim_many
from ntmm.nt.profile import PagingFileSize

MB = 1 << 20
PAGES = 10_000
RAM = 64 * MB
FILE = PagingFileSize(256 * MB, 256 * MB)

WRITER_RAM = 16 * MB
WRITER_PAGES = 16_000

SCANNED_PAGES = 100_000
SCANNED_RAM = 512 * MB
AGEINGS = 6

# next: mov [eax], ecx / add eax, 1000h / dec ecx / jnz next / int 2Eh
WRITE = bytes.fromhex("8908 0500100000 49 75f6 cd2e")

# next: cmp [eax], ecx / jne wrong / add eax, 1000h / dec ecx / jnz next / int 2Eh / wrong: ud2
CHECK = bytes.fromhex("3908 750a 0500100000 49 75f4 cd2e 0f0b")


def measure() -> list[Result]:
    """Ratios to the time of a demand-zero fault, and of I/Os to pages."""
    rounds = [_rounds() for _ in range(5)]
    scanned, aged, trimmed = best_of_all(2, _scans)
    ios, pages = _sequential_writer()
    return [
        _median("(e) soft fault to demand-zero fault", [(soft, first) for first, soft, _ in rounds], 1.2),
        _median("(e) hard fault to demand-zero fault", [(hard, first) for first, _, hard in rounds], 3),
        _ratio("(e) ageing a page to demand-zero fault", aged / SCANNED_PAGES, scanned / SCANNED_PAGES, 0.01),
        _ratio("(e) trimming a page to demand-zero fault", trimmed / SCANNED_PAGES, scanned / SCANNED_PAGES, 0.25),
        Result("(e) I/Os to pages of a sequential writer", ios, pages, "count", ios / pages, at_most=0.125),
    ]


def _ratio(name: str, ours: float, other: float, at_most: float) -> Result:
    return Result(name, ours * 1e6, other * 1e6, "us", ours / other, at_most=at_most)


def _median(name: str, pairs: Sequence[tuple[float, float]], at_most: float) -> Result:
    """The pair of times with the median ratio; there is an odd number of them."""
    ours, other = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
    return _ratio(name, ours / PAGES, other / PAGES, at_most)


def _rounds() -> list[float]:
    """Seconds for first touches, for soft faults and for hard faults of as many pages."""
    with _machine(RAM, PAGES) as machine:
        space, pageout = machine.process.space, machine.kernel.mm.pageout
        machine.kernel.mm.in_page.clusters["other"] = 1  # so that every fault is a hard one

        def drive_out() -> None:
            pageout.working_sets.empty(space)
            pageout.writer.write_while(lambda: True)
            _use_up_standby(machine.kernel.mm.pfn)

        taken = _touch(machine, PAGES, [lambda: None, lambda: pageout.working_sets.empty(space), drive_out])
        faults = machine.kernel.mm.faults
        assert faults.hard_faults >= PAGES, f"only {faults.hard_faults} hard faults"
        return taken


def _scans() -> list[float]:
    """Seconds for first touches of a large working set, for ageing it when all was used, and for trimming it."""
    with _machine(SCANNED_RAM, SCANNED_PAGES) as machine:
        working_set = machine.process.space.working_set
        used, aged = list[int](), list[float]()

        def age() -> None:
            aged.append(seconds(lambda: used.append(age_all(working_set))))

        scanned, *_ = _touch(machine, SCANNED_PAGES, [lambda: None, *[age] * AGEINGS])
        assert min(used) >= SCANNED_PAGES, "not every page was accessed between two passes"
        trimmed = seconds(lambda: trim_many(working_set, SCANNED_PAGES, 0))
        assert working_set.trimmed >= SCANNED_PAGES
        return [scanned, min(aged), trimmed]


def _sequential_writer() -> tuple[int, int]:
    """(I/Os, pages written) of a program that writes more memory than there is RAM, in order."""
    with _machine(WRITER_RAM, WRITER_PAGES) as machine:
        _touch(machine, WRITER_PAGES, [lambda: None])
        writer = machine.kernel.mm.pageout.writer
        return writer.writes, writer.pages


def _machine(ram: int, pages: int) -> AbstractContextManager[SmallMachine]:
    return small_machine("pae", ram, WRITE + CHECK, pages << 12, (FILE,))


def _use_up_standby(pfn: PfnDatabase) -> None:
    """Takes every page that can be had, so that nothing of what is in the paging file is in RAM, and frees them."""
    taken = []
    while pfn.available:
        taken.append(pfn.take_any(PageUse.KERNEL))
    for frame in taken:
        pfn.free(frame)
    while pfn.zero_one():  # now, not by the zero-page thread while the time is taken
        pass


def _touch(machine: SmallMachine, pages: int, rounds: Sequence[Callable[[], object]]) -> list[float]:
    """Runs the program over its pages once a round, after the round's preparation; the seconds of each run.

    The first round numbers the pages; a page that has another number in a later one ends the program.
    """
    kernel, context, slots = machine.kernel, machine.thread.context, machine.kernel.cpu.slots
    start, left, moments, taken = context.pc, list(rounds), [0.0], list[float]()

    def next_round(thread: object) -> None:
        """The program's one system call, also made before it begins."""
        if moments[0]:
            taken.append(time.process_time() - moments[0])
        if not left:
            kernel.ps.exit_process(machine.process, 0)
        left.pop(0)()
        context.pc = start + (len(WRITE) if taken or moments[0] else 0)
        context.u64[slots.rax], context.u64[slots.rcx] = machine.data, pages
        moments[0] = time.process_time()

    context.pc = start + len(WRITE) - 2
    kernel.traps.system_call = next_round
    kernel.ps.start(machine.thread)
    kernel.scheduler.run(lambda: machine.process.ended)
    assert len(taken) == len(rounds), f"round {len(taken)} did not find what was written"
    return taken
