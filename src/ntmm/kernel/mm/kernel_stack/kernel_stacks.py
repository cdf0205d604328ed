"""Making, growing and deleting kernel stacks (MmCreateKernelStack, MmGrowKernelStack, MmDeleteKernelStack)."""

from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount, ResidentLedger
from ntmm.kernel.mm.kernel_stack.kernel_stack import KernelStack
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.system_ptes import SystemPtes
from ntmm.kernel.mm.tables import TableMemory
from ntmm.nt.memory import MM_NOACCESS, MM_READWRITE
from ntmm.nt.status import Status

_PAGES: Final = {4: 3, 8: 6}
"""12 KB with pointers of 4 bytes, 24 KB with 8."""
_LARGE_PAGES: Final = {4: 15, 8: 18}
"""The most that a large stack may have: 60 KB and 72 KB."""
_GUARD_PAGES: Final = 1


class KernelStacks:
    """All kernel stacks of a machine. `committed` pages are charged; those of resident stacks count as resident too."""

    def __init__(
        self,
        ram: Ram,
        memory: TableMemory,
        system_ptes: SystemPtes,
        account: CommitAccount,
        resident: ResidentLedger,
    ) -> None:
        self._bytes = ram.bytes
        self._memory = memory
        self._ptes = system_ptes
        self._account = account
        self._resident = resident
        self._page = memory.architecture.page_size
        self._pointer_size = memory.architecture.pointer_size
        self._no_access = memory.format.demand_zero(MM_NOACCESS)
        self.committed = 0
        self.stacks: dict[KernelStack, None] = {}
        """The stacks that exist, in order of creation."""

    def create(self, large: bool = False) -> KernelStack | None:
        """A stack of a thread's first size, or None if memory, commit or system PTEs are used up; may wait.

        A `large` one may grow later. Below every stack lies a page that is never mapped.
        """
        pages = _PAGES[self._pointer_size]
        reserved = _LARGE_PAGES[self._pointer_size] if large else pages
        if not self._charge(pages):
            return None
        address = self._ptes.reserve(reserved + _GUARD_PAGES)
        if address is None or not self._memory.pfn.ensure_pages(pages):
            if address is not None:
                self._ptes.release(address, reserved + _GUARD_PAGES)
            self._give_back(pages)
            return None
        lowest = address + _GUARD_PAGES * self._page
        base = lowest + reserved * self._page
        stack = KernelStack(base, base - pages * self._page, lowest, base)
        for unmapped in range(address, stack.limit, self._page):
            self._ptes.write(unmapped, self._no_access)
        for page in range(stack.limit, base, self._page):
            self._map(page)
        self.stacks[stack] = None
        return stack

    def grow(self, stack: KernelStack) -> Status:
        """Commits one more page: SUCCESS, STACK_OVERFLOW at the stack's end, or NO_MEMORY; may wait."""
        assert stack.resident, "a stack that is out of memory grows"
        if stack.limit == stack.lowest:
            return Status.STACK_OVERFLOW
        if not self._charge(1):
            return Status.NO_MEMORY
        if not self._memory.pfn.ensure_pages(1):
            self._give_back(1)
            return Status.NO_MEMORY
        stack.limit -= self._page
        self._ptes.write(stack.limit, 0)
        self._map(stack.limit)
        return Status.SUCCESS

    def delete(self, stack: KernelStack) -> None:
        """Frees a stack with all its pages, wherever they are."""
        memory = self._memory
        for page in range(stack.limit, stack.base, self._page):
            pte = memory.entries[self._ptes.word(page)]
            if pte & 1 or memory.format.is_transition(pte):
                frame = memory.format.frame(pte)
                self._ptes.write(page, 0)
                memory.pfn.free(frame)
            else:
                memory.pfn.release_slot(pte)
                self._ptes.write(page, 0)
        lowest = stack.lowest - _GUARD_PAGES * self._page
        for page in range(lowest, stack.limit, self._page):
            self._ptes.write(page, 0)
        self._ptes.release(lowest, stack.base - lowest >> memory.architecture.page_shift)
        pages = (stack.base - stack.limit) // self._page
        self.committed -= pages
        self._account.give_back(pages)
        if stack.resident:
            self._resident.give_back(pages)
        del self.stacks[stack]

    def _map(self, address: int) -> None:
        memory = self._memory
        frame = memory.pfn.take_zeroed(PageUse.KERNEL_STACK)
        self._ptes.map(address, frame, memory.format.demand_zero(MM_READWRITE))

    def _charge(self, pages: int) -> bool:
        """Promises pages in RAM and behind it."""
        if not self._resident.charge(pages):
            return False
        if not self._account.charge(pages):
            self._resident.give_back(pages)
            return False
        self.committed += pages
        return True

    def _give_back(self, pages: int) -> None:
        self.committed -= pages
        self._account.give_back(pages)
        self._resident.give_back(pages)

    # contents

    def read(self, address: int, size: int) -> bytes:
        """Bytes of a stack that is in memory."""
        return b"".join(self._bytes[start:end] for start, end in self._parts(address, size, 0))

    def write(self, address: int, data: bytes) -> None:
        """Changes bytes of a stack that is in memory; its pages count as written to."""
        done = 0
        for start, end in self._parts(address, len(data), self._memory.architecture.DIRTY):
            self._bytes[start:end] = data[done : done + end - start]
            done += end - start

    def _parts(self, address: int, size: int, mark: int) -> list[tuple[int, int]]:
        """The ranges of RAM of a range of addresses; `mark` is set in their PTEs, as the CPU would."""
        memory, parts = self._memory, []
        while size:
            index = self._ptes.word(address)
            pte = memory.entries[index]
            assert pte & 1, f"the kernel stack at {address:#x} is out of memory"
            memory.entries[index] = pte | mark
            count = min(size, self._page - address % self._page)
            start = memory.format.frame(pte) * self._page + address % self._page
            parts.append((start, start + count))
            address, size = address + count, size - count
        return parts
