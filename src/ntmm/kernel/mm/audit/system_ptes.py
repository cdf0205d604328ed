"""System PTEs and kernel stacks: the free list in RAM, the stacks' pages and guard pages, and their charges."""

from collections.abc import Iterator

from ntmm.kernel.mm.kernel_stack import KernelStack
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageUse
from ntmm.nt.memory import MM_NOACCESS, MM_OUTSWAPPED_KSTACK


def check_system_ptes(manager: MemoryManager) -> Iterator[str]:
    """Free clusters lie in order and apart and hold nothing else; a resident stack is whole."""
    yield from _check_free_list(manager)
    for stack in manager.kernel_stacks.stacks:
        for problem in _check_stack(manager, stack):
            yield f"kernel stack at {stack.base:#x}: {problem}"
    page = manager.architecture.page_size
    pages = sum((stack.base - stack.limit) // page for stack in manager.kernel_stacks.stacks)
    if pages != manager.kernel_stacks.committed:
        yield f"{manager.kernel_stacks.committed} pages of kernel stacks are charged, the stacks have {pages}"


def _check_free_list(manager: MemoryManager) -> Iterator[str]:
    ptes, entries = manager.system_ptes, manager.table_memory.entries
    page, before = manager.architecture.page_size, -1
    heads = ptes.list_words()
    for address, pages in ptes.free_clusters():
        if address <= before:
            yield f"the free system PTEs at {address:#x} touch the cluster before them"
        before = address + pages * page
        for offset in range(pages):
            word = ptes.word(address + offset * page)
            if entries[word] and word not in heads:
                yield f"the free system PTE of {address + offset * page:#x} is {entries[word]:#x}"


def _check_stack(manager: MemoryManager, stack: KernelStack) -> Iterator[str]:
    memory, pfn, page = manager.table_memory, manager.pfn, manager.architecture.page_size
    for address in range(stack.lowest - page, stack.limit, page):
        if memory.entries[manager.system_ptes.word(address)] != memory.format.demand_zero(MM_NOACCESS):
            yield f"the page at {address:#x} below it can be touched"
    for address in range(stack.limit, stack.base, page):
        pte = memory.entries[manager.system_ptes.word(address)]
        in_ram = pte & 1 or memory.format.is_transition(pte)
        if stack.resident and not pte & 1:
            yield f"its page at {address:#x} has PTE {pte:#x}"
        if in_ram and pfn.use[memory.format.frame(pte)] != PageUse.KERNEL_STACK:
            yield f"its page at {address:#x} is in use as {PageUse(pfn.use[memory.format.frame(pte)]).name}"
        if not pte & 1 and memory.format.protection(pte) != MM_OUTSWAPPED_KSTACK:
            yield f"its page at {address:#x} is out with protection {memory.format.protection(pte):#x}"
