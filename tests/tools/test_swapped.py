"""What does the debugger show of threads whose kernel stacks are out of memory, and of system PTEs?"""

from ntmm.kernel.ps import Thread
from ntmm.tools.commands.process import ThreadRow
from ntmm.tools.commands.sysptes import SystemPtesRow
from tests.tools.debugging import debugging, sample


def test_has_a_thread_without_its_stack_no_program_counter() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        kernel = debugged.session.debugger.kernel
        thread: Thread = kernel.ps.processes[0].threads[0]
        before = debugged.only(ThreadRow, "!process")
        kernel.swapper._put_stack_out(thread)
        row = debugged.only(ThreadRow, "!process")
        assert row.pc is None
        assert row.symbol == "kernel stack paged out"
        kernel.swapper._bring_in_stack(thread)
        assert debugged.only(ThreadRow, "!process") == before


def test_are_the_used_system_ptes_those_of_kernel_stacks() -> None:
    """Each thread has a stack of 12 KB with a page below that is never mapped; seven threads are the system's."""
    with debugging(sample("x86", "hello")) as debugged:
        row = debugged.only(SystemPtesRow, "!sysptes")
        assert row.used == (7 + 1) * 4
        assert row.free == row.total - row.used
