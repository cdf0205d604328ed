"""One session's memory (MM_SESSION_SPACE): made with its first process, taken apart with its last one."""

from collections.abc import Callable, Iterator
from typing import Final

from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.fault import FaultHandler, FaultOutcome, Resolution, outcome
from ntmm.kernel.mm.fault.prototype import make_prototype_valid
from ntmm.kernel.mm.fault.system import system_fault
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.section import ControlArea, Sections
from ntmm.kernel.mm.session.structure import INITIALIZED, SessionFields, pack_fields
from ntmm.kernel.mm.session.views import SessionView, ViewRegion
from ntmm.kernel.mm.tables import (
    PageTables,
    copy_system_half,
    create_root,
    drop_prototype_share,
    root_frames,
    share_system_entry,
)
from ntmm.kernel.mm.working_set import WorkingSet, WorkingSetLimits
from ntmm.nt.memory import MM_READWRITE

LIMITS: Final = WorkingSetLimits(20, 384)
"""Of a session's working set, in pages."""

LIST_OFFSET: Final = 0x10000
"""Where the working-set list lies behind the structure."""

PAGES_OF_A_SESSION: Final = 16
"""More than any architecture's new session takes."""


class SessionSpace:
    """`members` are the roots of its processes, by process id; None for one that is out of memory.

    The page tables have a root of their own, which no processor uses: it keeps the entries that every process of the
    session shows.
    """

    def __init__(
        self,
        session_id: int,
        faults: FaultHandler,
        sections: Sections,
        ledger: CommitLedger,
        layout: AddressLayout,
        view_bytes: int,
        pool_bytes: int,
        at_quota: Callable[[WorkingSet], None],
    ) -> None:
        """`view_bytes` and `pool_bytes`: the most of each, 0 for what the layout has room for.

        Takes up to 16 pages, which the caller knows to be there.
        """
        memory = faults.table_memory
        self.session_id = session_id
        self.members: dict[int, int | None] = {}
        self.account = ledger.open_account(f"session {session_id}")
        self.faults = 0
        """Pages that were brought back."""
        self._handler, self._sections, self._memory, self._layout = faults, sections, memory, layout
        root, counts = create_root(memory, None, for_processor=False)
        self.account.charge_required(sum(counts.values()) + 1)
        self.root_pages = sum(counts.values())
        self.tables = PageTables(memory, root, self.account)
        self.tables.table_made = self._share_table
        self._structure_frame = self._map_structure()
        list_address = layout.session_structure + LIST_OFFSET
        self.working_set = WorkingSet(self.tables, faults.ram, list_address, self.account, LIMITS)
        self.working_set.at_quota = at_quota
        start, end = layout.session_pool, layout.session_views
        self.pool = Pool(self.tables, start, end, PageUse.PAGED_POOL, self.account, False, pool_bytes)
        self.pool.page_made = self._pool_page_made
        self.pool.bring_in = self.bring_in
        room = layout.session_structure - layout.session_views
        self.views = ViewRegion(layout.session_views, min(view_bytes or room, room))
        self.update()

    # processes

    def join(self, process_id: int, root: int) -> None:
        """A process belongs to the session from now on: its root shows the session's tables."""
        assert process_id not in self.members
        self.members[process_id] = root
        self.show_in(process_id, root)
        self.update()

    def show_in(self, process_id: int, root: int | None) -> None:
        """The top tables of a process lie in other frames, or, None, are out of memory."""
        self.members[process_id] = root
        if root is not None:
            copy_system_half(self._memory, self.tables.root, root)

    def leave(self, process_id: int) -> bool:
        """A process has been deleted; True if it was the last, so that the session must be deleted."""
        del self.members[process_id]
        self.update()
        return not self.members

    def _share_table(self, index: int, frame: int) -> None:
        roots = [root for root in self.members.values() if root is not None]
        share_system_entry(self._memory, self.tables.root, index, roots)

    # the structure

    def _map_structure(self) -> int:
        memory, address = self._memory, self._layout.session_structure
        index = self.tables.ensure(address, user=False)
        frame = memory.pfn.take_zeroed(PageUse.KERNEL)
        memory.write(index, memory.table_entry(frame, user=False) | memory.architecture.no_execute)
        memory.own(frame, index, memory.architecture.pte_address(address), memory.format.demand_zero(MM_READWRITE))
        return frame

    def fields(self) -> SessionFields:
        """What the structure says."""
        layout = self._layout
        nonpageable = self.root_pages + self.tables.tables + self.working_set.list_pages + 1
        table = root_frames(self._memory, self.tables.root)[-1]
        pool_end = layout.session_pool + self.pool.maximum_pages * self._page
        return SessionFields(
            layout.session_structure,
            len(self.members),
            INITIALIZED,
            self.session_id,
            table,
            nonpageable,
            self.account.pages,
            layout.session_pool,
            pool_end,
        )

    def update(self) -> None:
        """Writes the structure anew."""
        data = pack_fields(self.fields(), self._memory.architecture.pointer_size)
        start = self._structure_frame * self._page
        self._handler.ram.bytes[start : start + len(data)] = data

    @property
    def _page(self) -> int:
        return self._memory.architecture.page_size

    @property
    def _page_shift(self) -> int:
        return self._memory.architecture.page_shift

    # pages

    def _pool_page_made(self, frame: int, address: int) -> None:
        """A page of session pool belongs to the session's working set; nothing on disk holds its contents."""
        pfn = self._memory.pfn
        pfn.flags[frame] |= MODIFIED_FLAG
        pfn.working_set_index[frame] = self.working_set.insert(address >> self._page_shift, MM_READWRITE)

    def holds(self, address: int) -> bool:
        """True for an address whose page can be brought in: pool as far as it has grown, and views."""
        start, end = self.pool.grown_range
        return start <= address < end or self.views.find(address) is not None

    def bring_in(self, address: int) -> None:
        """Makes the page of such an address valid; may wait, raises GuestFault if it cannot be read."""
        self._handler.bring_in(lambda: self._look(address), address)

    def _look(self, address: int) -> FaultOutcome:
        if self._memory.entries[self.tables.find(address)] & 1:
            return outcome.SPURIOUS
        view = self.views.find(address)
        if view is None:
            result = system_fault(self._handler, self.tables, self.working_set, address)
        else:
            result = self._look_through(view, address)
        self.faults += result.resolution is Resolution.RESOLVED
        return result

    def _look_through(self, view: SessionView, address: int) -> FaultOutcome:
        """A page of a view: its prototype PTE says where the shared page is."""
        handler, memory = self._handler, self._memory
        page = address - view.start >> self._page_shift
        prototype = view.area.prototype_of(page)
        while (place := handler.system_tables.find_word(prototype)) < 0:
            result = handler.system_page(prototype)
            if result.resolution is not Resolution.RESOLVED:
                return result
        if memory.pfn.is_short():
            return outcome.OUT_OF_MEMORY
        result = make_prototype_valid(handler, place, view.area, page)
        if result.resolution is not Resolution.RESOLVED:
            return result
        bits = memory.format.kernel_bits[MM_READWRITE]
        memory.write(self.tables.find(address), memory.entries[place] & memory.format.frame_mask | bits)
        self.working_set.insert_shared(address >> self._page_shift, MM_READWRITE)
        return result

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the session's memory; may wait. Raises GuestFault for what cannot be read."""
        parts = bytearray()
        for start, count in self._pieces(address, size):
            parts += self._handler.ram.bytes[start : start + count]
        return bytes(parts)

    def write(self, address: int, data: bytes) -> None:
        """Changes bytes of the session's memory; may wait. Raises GuestFault for what cannot be read."""
        at = 0
        for start, count in self._pieces(address, len(data)):
            self._memory.pfn.flags[start >> self._page_shift] |= MODIFIED_FLAG
            self._handler.ram.bytes[start : start + count] = data[at : at + count]
            at += count

    def _pieces(self, address: int, size: int) -> Iterator[tuple[int, int]]:
        """(physical address, bytes) of each page's part, valid until the next one is asked for."""
        while size:
            count = min(size, self._page - address % self._page)
            yield self._physical(address), count
            address, size = address + count, size - count

    def _physical(self, address: int) -> int:
        while True:
            index = self.tables.find(address)
            pte = self._memory.entries[index] if index >= 0 else 0
            if pte & 1:
                return (self._memory.format.frame(pte) << self._page_shift) + address % self._page
            assert self.holds(address), f"{address:#x} is no memory of session {self.session_id}"
            self.bring_in(address)

    # views

    def map_view(self, area: ControlArea, size: int) -> SessionView | None:
        """A view of the first `size` bytes of a section; None if the region has no gap for it, or RAM for its tables.

        May wait. Raises PoolExhausted where the prototype PTEs find no pool.
        """
        pages = -(-size // self._page)
        area.mapped_views += 1  # it must not go while this waits
        try:
            if area.backing is not None:
                self._sections.ensure_prototypes(area, 0, pages)
            view = self.views.add(area, pages * self._page)
            missing = self.tables.missing_tables(view.start, view.end) if view is not None else 0
            if view is not None and missing and not self._memory.pfn.ensure_pages(missing):
                self.views.remove(view)
                view = None
        finally:
            area.mapped_views -= 1
        if view is None:
            return None
        for address in range(view.start, view.end, self._page):
            self._memory.write(self.tables.ensure(address, user=False), self._memory.format.lookup(MM_READWRITE))
        area.mapped_views += 1
        self._sections.reuse(area)
        self.update()
        return view

    def unmap_view(self, view: SessionView) -> None:
        """Takes a view away; its pages stay in RAM, on the standby and modified lists."""
        memory = self._memory
        for address in range(view.start, view.end, self._page):
            index = self.tables.find(address)
            pte = memory.entries[index]
            memory.write(index, 0)
            if pte & 1:
                frame = memory.format.frame(pte)
                self.working_set.remove_shared(address >> self._page_shift)
                if pte & memory.architecture.DIRTY:
                    memory.pfn.flags[frame] |= MODIFIED_FLAG
                drop_prototype_share(memory, frame)
        self.views.remove(view)
        view.area.mapped_views -= 1
        self._sections.release(view.area)

    # the end

    def delete(self) -> None:
        """Gives everything back; no process belongs to the session any more (MiDereferenceSession)."""
        assert not self.members
        for view in list(self.views):
            self.unmap_view(view)
        memory, pfn = self._memory, self._memory.pfn
        for address, index in list(self.tables.resident(*self.pool.grown_range)):
            self._delete_pool_page(address, index)
        structure = self.tables.find(self._layout.session_structure)
        memory.write(structure, 0)
        pfn.free(self._structure_frame)
        self.working_set.release()
        start, end = self._layout.session_space, self._layout.session_space_end
        self.tables.drop_empty_tables(start, min(end, self._layout.session_images))
        for frame in root_frames(memory, self.tables.root):
            assert not pfn.used_entries[frame], f"session {self.session_id} is deleted with tables in use"
            pfn.free(frame)
        self.account.close()

    def _delete_pool_page(self, address: int, index: int) -> None:
        memory, pfn = self._memory, self._memory.pfn
        pte = memory.entries[index]
        frame = memory.format.frame(pte)
        if pte & 1:
            assert not pfn.flags[frame] & PROTOTYPE_FLAG, f"{address:#x} in session pool shows a page of a section"
            self.working_set.remove(pfn.working_set_index[frame])
        memory.write(index, 0)
        if pte & 1 or memory.format.is_transition(pte):
            pfn.free(frame)
        else:
            pfn.release_slot(pte)


class SessionOwner:
    """A session as the working set manager sees it. Its id is below 0, as no process's is."""

    is_swapped_out = False

    def __init__(self, session: SessionSpace) -> None:
        self.process_id = -1 - session.session_id
        self.working_set = session.working_set
        self._session = session

    @property
    def page_fault_count(self) -> int:
        """Pages that were brought back into the session's working set."""
        return self._session.faults
