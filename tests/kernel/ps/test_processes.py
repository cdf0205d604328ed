"""Processes and threads: what they are made of, how they end, and that nothing stays behind."""

from collections.abc import Callable

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.thread import ThreadExit, ThreadState
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.ob import Event, Mutant
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.ps.stack import create_user_stack, free_user_stack
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_EXECUTE_READWRITE,
    PAGE_GUARD,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status

PAGE = 0x1000
END = "cc"


def new_process(kernel: Kernel) -> Process:
    process = kernel.ps.create_process("test.exe")
    assert process is not None
    return process


def new_thread(kernel: Kernel, process: Process, code: str = END, commit: int = PAGE) -> Thread:
    """A started thread that runs machine code, given as hex digits."""
    _, start, _ = kernel.mm.allocate(process, 0, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE)
    process.memory.write(start, bytes.fromhex(code))
    created = kernel.ps.create_thread(process, 0x100000, commit, start)
    assert created is not None
    kernel.ps.start(created[0])
    return created[0]


def run(kernel: Kernel) -> None:
    kernel.scheduler.run(lambda: False)


def layout_of(kernel: Kernel, process: Process) -> list[tuple[str, int, int, bool]]:
    """(purpose, pages, committed pages, protected from the program) of every region, lowest first."""
    return [
        (vad.purpose, vad.pages, vad.commit_charge, vad.no_change)
        for vad in process.space.vads
        if vad.memory_is_counted
    ]


def test_what_has_a_new_process(kernel: Kernel) -> None:
    first, second = new_process(kernel), new_process(kernel)
    assert [(process.id, process.parent_id) for process in (first, second)] == [(8, 4), (12, 4)]
    assert first.peb == second.peb == kernel.mm.layout.peb
    assert layout_of(kernel, first) == [("PEB", 1, 1, True)]
    assert (first.exit_status, first.ended, len(first.handles)) == (Status.PENDING, False, 0)
    assert [kernel.ps.find(number) for number in (8, 12, 4)] == [first, second, None]


def test_what_has_a_new_thread(kernel: Kernel) -> None:
    process = new_process(kernel)
    thread = new_thread(kernel, process)
    teb_pages = 2 if kernel.architecture.bits == 64 else 1
    code, stack = ("", 1, 1, False), ("", 256, 2, False)
    assert layout_of(kernel, process) == [code, stack, ("TEB", teb_pages, teb_pages, True), ("PEB", 1, 1, True)]
    assert (thread.teb, thread.context.teb_base) == (kernel.mm.layout.first_teb, kernel.mm.layout.first_teb)
    assert (thread.context.sp, thread.stack) == (thread.stack + 0x100000, 0x20000)
    assert thread.context.page_directory == process.space.directory
    other = new_thread(kernel, process)
    assert other.teb == thread.teb - teb_pages * PAGE
    run(kernel)


@pytest.mark.parametrize(
    ("reserve", "commit", "size", "committed", "guard"),
    [
        (0, 0, 0x100000, 1, True),
        (0x100000, 0x2000, 0x100000, 2, True),
        (0x10001, 0, 0x20000, 1, True),
        (1, 0, 0x100000, 1, True),
        (0x10000, 0x10000, 0x100000, 16, True),
        (0x10000, 0x100001, 0x200000, 257, True),
        (0x10000, 0xF001, 0x100000, 16, True),
        (0x10000, 0x100000, 0x100000, 256, False),
        (0x10000, 0xF000, 0x10000, 15, True),
    ],
)
def test_how_is_a_stack_laid_out(
    kernel: Kernel, reserve: int, commit: int, size: int, committed: int, guard: bool
) -> None:
    process = new_process(kernel)
    place = create_user_stack(kernel.mm, process, reserve, commit)
    assert place is not None
    assert (place.base - place.allocation, place.base - place.limit) == (size, committed * PAGE)
    below = kernel.mm.query(process, place.limit - PAGE)
    top = kernel.mm.query(process, place.limit)
    assert top is not None and below is not None
    assert (top.protect, top.region_size) == (PAGE_READWRITE, committed * PAGE)
    assert (below.protect == PAGE_READWRITE | PAGE_GUARD) is guard
    free_user_stack(kernel.mm, process, place.allocation)
    assert layout_of(kernel, process) == [("PEB", 1, 1, True)]


def test_does_the_last_thread_end_its_process(kernel: Kernel) -> None:
    process = new_process(kernel)
    threads = [new_thread(kernel, process, f"b8{number:02x}000000cc") for number in (5, 6)]  # mov eax, number; int3
    event = Event(kernel.scheduler, manual_reset=True, signalled=False)
    process.handles.insert(event)
    run(kernel)
    assert [(thread.ended, thread.exit_status, thread.state) for thread in threads] == [
        (True, number, ThreadState.TERMINATED) for number in (5, 6)
    ]
    assert (process.ended, process.exit_status, len(process.handles)) == (True, 6, 0)
    assert layout_of(kernel, process) == [("", 1, 1, False)] * 2 + [("PEB", 1, 1, True)]


def test_does_a_process_take_all_its_threads_with_it(kernel: Kernel) -> None:
    process, other = new_process(kernel), new_process(kernel)
    threads = [new_thread(kernel, process, "ebfe") for _ in range(2)]  # jmp $
    survivor = new_thread(kernel, other)
    killer = new_thread(kernel, other)
    kernel.ps.exit_process(process, 77)
    run(kernel)
    assert [(thread.ended, thread.exit_status, thread.state) for thread in threads] == [
        (True, 77, ThreadState.TERMINATED)
    ] * 2
    assert (process.exit_status, survivor.ended, killer.ended, other.ended) == (77, True, True, True)


def test_does_a_thread_that_ends_its_process_never_return(kernel: Kernel) -> None:
    process = new_process(kernel)
    seen: list[str] = []

    def end(thread: Thread, vector: int) -> None:
        seen.append("called")
        kernel.ps.exit_process(process, 3)
        seen.append("never")

    kernel.traps.exception = end
    new_thread(kernel, process)
    new_thread(kernel, process, "ebfe")
    run(kernel)
    assert (seen, process.exit_status) == (["called"], 3)


def test_does_a_deleted_process_leave_nothing_behind(kernel: Kernel) -> None:
    first = new_process(kernel)  # what system space grows by is grown now
    new_thread(kernel, first)
    run(kernel)
    kernel.ps.delete_process(first)
    available, committed = kernel.mm.pfn.available, kernel.mm.ledger.committed
    process = new_process(kernel)
    _, data, _ = kernel.mm.allocate(process, 0, 64 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)
    new_thread(kernel, process)
    process.memory.write(data, bytes(64 * PAGE))
    run(kernel)
    assert kernel.mm.pfn.available < available
    kernel.ps.delete_process(process)
    assert (kernel.mm.pfn.available, kernel.mm.ledger.committed) == (available, committed)
    assert kernel.ps.processes == []


def test_does_a_stack_grow_while_its_thread_runs(kernel: Kernel) -> None:
    process = new_process(kernel)
    created = kernel.ps.create_thread(process, 0x100000, PAGE, 0)
    assert created is not None
    thread, stack = created
    width = process.memory.pointer_size
    process.memory.write_pointer(thread.teb + width, stack.base)
    process.memory.write_pointer(thread.teb + 2 * width, stack.limit)
    process.memory.write_pointer(thread.teb + (0x1478 if width == 8 else 0xE0C), stack.allocation)
    pushes = 3 * PAGE // width
    _, start, _ = kernel.mm.allocate(process, 0, 4 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE)
    process.memory.write(start, b"\x50" * pushes + b"\xcc")
    thread.context.pc = start
    limits: list[int] = []

    def look(thread: Thread, vector: int) -> None:
        limits.append(stack.base - process.memory.read_pointer(thread.teb + 2 * width))
        kernel.ps.exit_thread(thread, 0)

    kernel.traps.exception = look
    kernel.ps.start(thread)
    run(kernel)
    assert limits == [3 * PAGE]


def test_are_waiters_told_of_an_end(kernel: Kernel) -> None:
    process = new_process(kernel)
    victim, told = new_thread(kernel, process, "ebfe"), list[int]()

    def wait(thread: Thread, vector: int) -> None:
        told.append(kernel.scheduler.wait(thread, [victim, process]))
        kernel.ps.exit_thread(thread, 0)

    kernel.traps.exception = wait
    waiter = new_thread(kernel, process)
    mutant = Mutant(kernel.scheduler, victim)
    kernel.ps.mutants.append(mutant)
    kernel.scheduler.suspend(victim)
    kernel.scheduler.run(lambda: waiter.state is ThreadState.WAITING)
    kernel.ps.exit_thread(victim, 9)
    run(kernel)
    assert (told, mutant.owner, mutant.abandoned, process.ended) == ([0], None, True, True)


@pytest.mark.parametrize("pages", [0, 1, 2, 3, 6, 7, 12, 13])
def test_is_a_thread_without_commit_refused_cleanly(kernel: Kernel, pages: int) -> None:
    process = new_process(kernel)
    before = layout_of(kernel, process), process.space.account.pages
    kernel.mm.ledger.extend = lambda wanted: False
    kernel.mm.ledger.kept = 0  # kernel stacks may have what is kept
    kernel.mm.ledger.limit = kernel.mm.ledger.committed + pages
    needed = 13 if kernel.architecture.bits == 64 else 7  # TEB, user stack, page tables, kernel stack
    created = kernel.ps.create_thread(process, 0, 0, 0)
    assert (created is not None) == (pages >= needed)
    if created is None:
        assert (layout_of(kernel, process), process.space.account.pages) == before
        assert process.threads == []


def test_is_a_process_without_commit_refused_cleanly(kernel: Kernel) -> None:
    new_process(kernel)
    available, committed = kernel.mm.pfn.available, kernel.mm.ledger.committed
    kernel.mm.ledger.extend = lambda wanted: False
    kernel.mm.ledger.limit = committed + kernel.mm.ledger.kept
    assert kernel.ps.create_process("over") is None
    assert (kernel.mm.pfn.available, kernel.mm.ledger.committed) == (available, committed)
    assert (len(kernel.ps.processes), len(kernel.mm.spaces)) == (1, 1)


Spoil = Callable[[Kernel, Thread], None]


def release_stack(kernel: Kernel, thread: Thread) -> None:
    assert kernel.mm.free(thread.process, thread.stack, 0, MEM_RELEASE).status is Status.SUCCESS


def release_teb(kernel: Kernel, thread: Thread) -> None:
    status = kernel.mm.free(thread.process, thread.teb, 0, MEM_RELEASE).status
    assert status is Status.INVALID_PAGE_PROTECTION


@pytest.mark.parametrize("spoil", [release_stack, release_teb])
def test_does_a_spoilt_thread_end_cleanly(kernel: Kernel, spoil: Spoil) -> None:
    process = new_process(kernel)
    thread = new_thread(kernel, process)
    spoil(kernel, thread)
    run(kernel)
    assert (thread.ended, process.ended) == (True, True)
    assert audit(kernel.mm) == []


def test_is_a_killed_process_ended_once(kernel: Kernel) -> None:
    process = new_process(kernel)
    ended = new_thread(kernel, process, "b805000000cc")
    thread = new_thread(kernel, process, "ebfe")
    kernel.scheduler.run(lambda: ended.ended)
    kernel.ps.kill(process)
    assert (ended.exit_status, thread.exit_status, process.exit_status) == (5, Status.UNSUCCESSFUL, Status.UNSUCCESSFUL)
    assert (thread.ended, process.ended) == (True, True)
    kernel.ps.kill(process, 1)
    assert process.exit_status == Status.UNSUCCESSFUL


def test_does_the_end_of_the_current_thread_unwind_it(kernel: Kernel) -> None:
    process, unwound = new_process(kernel), list[bool]()

    def end(thread: Thread, vector: int) -> None:
        try:
            kernel.ps.exit_thread(thread, 0)
        except ThreadExit:
            unwound.append(True)
            raise

    kernel.traps.exception = end
    new_thread(kernel, process)
    run(kernel)
    assert unwound == [True]
