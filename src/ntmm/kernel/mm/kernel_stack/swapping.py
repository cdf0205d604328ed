"""Kernel stacks leave memory and come back (MmOutPageKernelStack, MmInPageKernelStack).

A stack that is out has the thread's id, its signature, in the word below what is in use. If another value is found
there when it comes back, or a page cannot be read, the machine stops with bugcheck 0x77. Its parameters: where the
page came from (0 a page list, 1 the disk, 2 the disk, which gave too little), the value found, 0, and the signature's
address; or the NTSTATUS, the I/O's NTSTATUS, the paging file and the offset in it.
"""

from collections.abc import Iterator
from enum import IntEnum

from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.commit import ResidentLedger
from ntmm.kernel.mm.in_page import InPage, InPageBlock, PageToRead, Source
from ntmm.kernel.mm.kernel_stack.kernel_stack import KernelStack
from ntmm.kernel.mm.kernel_stack.kernel_stacks import KernelStacks
from ntmm.kernel.mm.pagefile import PagingFiles
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.system_ptes import SystemPtes
from ntmm.kernel.mm.tables import TableMemory
from ntmm.nt.memory import MM_OUTSWAPPED_KSTACK, MM_READWRITE
from ntmm.nt.status import Status


class PageSource(IntEnum):
    """Where a page of a stack was found."""

    PAGE_LIST = 0
    DISK = 1
    SHORT_READ = 2


class StackSwapping:
    """`out` and `back` count stacks."""

    def __init__(
        self,
        memory: TableMemory,
        stacks: KernelStacks,
        system_ptes: SystemPtes,
        resident: ResidentLedger,
        in_page: InPage,
        paging_files: PagingFiles,
    ) -> None:
        self._memory = memory
        self._stacks = stacks
        self._ptes = system_ptes
        self._resident = resident
        self._in_page = in_page
        self._files = paging_files
        self._page = memory.architecture.page_size
        self._word = memory.architecture.pointer_size
        self.out = 0
        self.back = 0

    def _pages(self, stack: KernelStack) -> range:
        return range(stack.limit, stack.base, self._page)

    # out

    def take_out(self, stack: KernelStack, thread_id: int) -> None:
        """Signs a stack and puts its pages in transition: written to ones on the modified list, others on standby."""
        assert stack.resident
        self._stacks.write(stack.pointer - self._word, thread_id.to_bytes(self._word, "little"))
        for address in self._pages(stack):
            self._put_out(address)
        stack.resident = False
        self._resident.give_back(len(self._pages(stack)))
        self.out += 1

    def _put_out(self, address: int) -> None:
        memory, pfn = self._memory, self._memory.pfn
        index = self._ptes.word(address)
        pte = memory.entries[index]
        frame = memory.format.frame(pte)
        pfn.original_pte[frame] = memory.format.with_protection(pfn.original_pte[frame], MM_OUTSWAPPED_KSTACK)
        if pte & memory.architecture.DIRTY:
            pfn.flags[frame] |= MODIFIED_FLAG
        memory.write(index, memory.format.transition(frame, MM_OUTSWAPPED_KSTACK))
        pfn.drop_share(frame)

    # back

    def bring_back(self, stack: KernelStack, thread_id: int) -> None:
        """Makes all pages of a stack valid and looks for its signature; waits for the disk. Raises Bugcheck."""
        assert not stack.resident
        sources = dict.fromkeys(self._pages(stack), PageSource.PAGE_LIST)
        for address in self._pages(stack):
            if self._memory.format.is_page_file(self._memory.entries[self._ptes.word(address)]):
                sources |= self._read(stack, address)
            elif not self._memory.entries[self._ptes.word(address)] & 1:
                self._make_valid(address)
        self._resident.charge_required(len(self._pages(stack)))
        stack.resident = True
        self.back += 1
        self._check_signature(stack, thread_id, sources)

    def _make_valid(self, address: int) -> None:
        """A page in transition is the stack's again, clean if the disk has its contents."""
        memory, pfn = self._memory, self._memory.pfn
        index = self._ptes.word(address)
        frame = memory.format.frame(memory.entries[index])
        pfn.reactivate(frame)
        pte = memory.table_entry(frame, user=False) | memory.stack_no_execute
        if not pfn.flags[frame] & MODIFIED_FLAG:
            pte &= ~memory.architecture.DIRTY
        memory.write(index, pte)
        pfn.original_pte[frame] = memory.format.with_protection(pfn.original_pte[frame], MM_READWRITE)

    def _read(self, stack: KernelStack, address: int) -> dict[int, PageSource]:
        """Reads the pages from `address` on that lie side by side in a paging file, and makes them valid."""
        memory, pfn = self._memory, self._memory.pfn
        first = memory.entries[self._ptes.word(address)]
        number, slot = memory.format.page_file_place(first)
        pages = list(self._side_by_side(stack, address))
        pfn.ensure_pages(len(pages))
        file = self._files.files[number]
        source = Source(file.name, slot, file.read_what_comes, slot)
        block = self._in_page.begin(pages, PageUse.KERNEL_STACK, 0, source)
        pinned = self._await(block)
        if not block.succeeded:
            sentence = f"a kernel stack could not be read from {file.name}"
            places = (Status.IN_PAGE_ERROR, block.status, number, slot * self._page)
            raise Bugcheck(BugcheckCode.KERNEL_STACK_INPAGE_ERROR, sentence, *places)
        addresses = range(address, address + len(pages) * self._page, self._page)
        for at in addresses:
            self._make_valid(at)
        self._in_page.unpin()
        for frame in pinned:
            pfn.dereference(frame)
        return dict.fromkeys(addresses, PageSource.SHORT_READ if block.is_short else PageSource.DISK)

    def _side_by_side(self, stack: KernelStack, address: int) -> Iterator[PageToRead]:
        memory = self._memory
        place = memory.format.page_file_place(memory.entries[self._ptes.word(address)])
        for at in range(address, stack.base, self._page):
            index = self._ptes.word(at)
            pte = memory.entries[index]
            if not memory.format.is_page_file(pte) or memory.format.page_file_place(pte) != place:
                return
            yield PageToRead(index, memory.architecture.pte_address(at), pte)
            place = place[0], place[1] + 1

    def _await(self, block: InPageBlock) -> list[int]:
        """Waits for a read; answers frames with a reference of ours, so that none is taken before its PTE is valid.

        There are none if the read was over at once, or has failed.
        """
        pfn = self._memory.pfn
        if block.is_done:
            return []
        for frame in block.frames:
            pfn.reference(frame)
        self._in_page.wait(block)
        if not block.succeeded:
            for frame in block.frames:
                pfn.dereference(frame)
            return []
        return block.frames

    def _check_signature(self, stack: KernelStack, thread_id: int, sources: dict[int, PageSource]) -> None:
        address = stack.pointer - self._word
        found = int.from_bytes(self._stacks.read(address, self._word), "little")
        short = PageSource.SHORT_READ in sources.values()
        if found != thread_id or short:
            source = PageSource.SHORT_READ if short else sources[address & -self._page]
            sentence = f"the kernel stack of thread {thread_id} came back without its signature"
            raise Bugcheck(BugcheckCode.KERNEL_STACK_INPAGE_ERROR, sentence, source, found, 0, address)
