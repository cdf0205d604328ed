"""Pages driven to where a test wants them."""

from ntmm.kernel.mm.pfn import PageUse
from tests.kernel.mm.machine import MemoryMachine


def write_all(machine: MemoryMachine) -> None:
    """Has the modified page writer write everything that is dirty."""
    while machine.mm.pageout.writer.write_one():
        pass


def use_up_standby(machine: MemoryMachine) -> None:
    """Gives every standby page to somebody else, and frees those pages."""
    pfn, taken = machine.mm.pfn, []
    while pfn.standby.count:
        taken.append(pfn.take_any(PageUse.KERNEL))
    for frame in taken:
        pfn.free(frame)
