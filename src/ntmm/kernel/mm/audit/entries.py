"""Every PTE of a process's user half: its form fits its VAD, its rights fit its protection, its page knows it."""

from collections.abc import Iterator

from ntmm.kernel.mm.audit.contents import word_at
from ntmm.kernel.mm.layout import SHARED_USER_DATA
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.database import PROTOTYPE_FLAG
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MM_ACCESS_MASK, MM_DECOMMIT, MM_GUARD_PAGE, MM_MODIFIER_MASK, MM_READWRITE


def check_entries(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    """All user entries of one space, and the order of its VADs."""
    yield from _check_vads(manager, space)
    checker = _EntryChecker(manager, space)
    for address, index in space.tables.resident(0, space.user.highest + 1):
        pte = manager.table_memory.entries[index]
        if pte:
            for problem in checker.check(address, index, pte):
                yield f"process {space.process_id}, page {address:#x}, PTE {pte:#x}: {problem}"


def _check_vads(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    page, before = manager.architecture.page_size, -1
    for vad in space.vads:
        if vad.start_vpn <= before or vad.end_vpn < vad.start_vpn:
            yield f"process {space.process_id}: the VAD at {vad.start_vpn * page:#x} overlaps the one before it"
        if not manager.layout.lowest_user_address <= vad.start_vpn * page <= space.user.highest_vad:
            yield f"process {space.process_id}: the VAD at {vad.start_vpn * page:#x} lies outside user space"
        before = vad.end_vpn
    for vpn in space.charged_copies:
        found = space.vads.find(vpn)
        if found is None or not found.is_view:
            yield f"process {space.process_id} is charged for a copy of page {vpn * page:#x}, which no view holds"


class _EntryChecker:
    """Reads the working-set list once and then judges one entry after another; each rule yields what it finds."""

    def __init__(self, manager: MemoryManager, space: AddressSpace) -> None:
        self._manager = manager
        self._space = space
        self._pfn = manager.pfn
        self._format = manager.table_memory.format
        self._architecture = manager.architecture
        self._listed = {entry.vpn: (entry.index, entry.protection) for entry in space.working_set.entries()}

    def check(self, address: int, index: int, pte: int) -> Iterator[str]:
        vad = self._space.vads.find(address >> self._architecture.page_shift)
        if address == SHARED_USER_DATA:
            vad = None
        elif vad is None or vad.kind is VadKind.SHARED_PAGE:
            yield "there is no VAD"
            return
        if pte & 1:
            yield from self._check_valid(vad, address, pte)
        elif self._format.is_transition(pte):
            yield from self._check_transition(vad, address, pte)
        elif self._format.is_prototype(pte):
            is_view = vad is None or vad.is_view  # without a VAD it is the shared user data page
            if not is_view or pte != self._format.lookup(self._format.protection(pte)):
                yield "a prototype entry that no view explains"
        else:
            yield from self._check_software(vad, pte)

    def _check_valid(self, vad: Vad | None, address: int, pte: int) -> Iterator[str]:
        frame = self._format.frame(pte)
        if self._pfn.use[frame] == PageUse.USER_PHYSICAL:
            yield from self._check_physical(vad, address, pte, frame)
            return
        listed = self._listed.get(address >> self._architecture.page_shift)
        if listed is None:
            return  # the working-set check tells it
        index, code = listed
        changing = self._architecture.ACCESSED | self._architecture.DIRTY
        if self._space.executes_data and not pte & self._architecture.no_execute:
            changing |= self._architecture.no_execute
        if (pte ^ self._format.user_bits[code]) & ~(changing | self._architecture.frame_mask):
            yield f"its rights are not those of protection {code:#x}"
        if code & MM_MODIFIER_MASK == MM_GUARD_PAGE or not code & MM_ACCESS_MASK:
            yield f"a page of protection {code:#x} is valid"
        if self._pfn.flags[frame] & PROTOTYPE_FLAG:
            yield from self._check_shared(vad, address, frame)
        else:
            yield from self._check_private(vad, address, frame, code)
            if self._pfn.working_set_index[frame] != index:
                yield f"its page names working-set entry {self._pfn.working_set_index[frame]} instead of {index}"

    def _check_physical(self, vad: Vad | None, address: int, pte: int, frame: int) -> Iterator[str]:
        physical = self._space.physical
        if vad is None or vad.kind is not VadKind.PHYSICAL:
            yield "an allocated page outside a window"
        if physical is None or not physical.owned[frame]:
            yield "a page that another process allocated"
        if self._pfn.pte_address[frame] != self._architecture.pte_address(address):
            yield f"its page names the PTE at {self._pfn.pte_address[frame]:#x}"
        changing = self._architecture.DIRTY | self._architecture.frame_mask
        if self._space.executes_data:
            changing |= self._architecture.no_execute
        if (pte ^ self._format.user_bits[MM_READWRITE]) & ~changing:
            yield "a window that is not plainly writable"

    def _check_private(self, vad: Vad | None, address: int, frame: int, code: int) -> Iterator[str]:
        if vad is None or vad.is_locked or vad.kind is VadKind.SHARED_PAGE:
            yield "a private page where only the shared page may be"
        if self._pfn.use[frame] != PageUse.PROCESS_PRIVATE:
            yield f"a private page in use as {PageUse(self._pfn.use[frame]).name}"
        if self._pfn.pte_address[frame] != self._architecture.pte_address(address):
            yield f"its page names the PTE at {self._pfn.pte_address[frame]:#x}"
        yield from self._check_original(frame, code)

    def _check_original(self, frame: int, code: int) -> Iterator[str]:
        """What the PTE becomes without the page: demand zero, or the page's slot in a paging file."""
        original = self._pfn.original_pte[frame]
        is_plain = original == self._format.demand_zero(code)
        is_slot = self._format.is_page_file(original) and self._format.protection(original) == code
        if not is_plain and not is_slot:
            yield f"its page keeps the original {original:#x} for protection {code:#x}"

    def _check_shared(self, vad: Vad | None, address: int, frame: int) -> Iterator[str]:
        if vad is None:
            prototype = self._manager.system.shared_page_prototype
        elif not vad.is_view:
            yield "a page of a section in private memory"
            return
        else:
            offset = (address >> self._architecture.page_shift) - vad.start_vpn
            prototype = vad.control_area.prototype_of(vad.first_page + offset)
        _, named = word_at(self._manager, prototype)
        if not named & 1 or self._format.frame(named) != frame:
            yield f"its prototype PTE {named:#x} names another page"

    def _check_transition(self, vad: Vad | None, address: int, pte: int) -> Iterator[str]:
        frame, code = self._format.frame(pte), self._format.protection(pte)
        if vad is None:
            yield "the shared page in transition"
        if self._pfn.use[frame] != PageUse.PROCESS_PRIVATE or self._pfn.flags[frame] & PROTOTYPE_FLAG:
            yield "a transition entry for a page that is not private"
        if self._pfn.pte_address[frame] != self._architecture.pte_address(address):
            yield f"its page names the PTE at {self._pfn.pte_address[frame]:#x}"
        yield from self._check_original(frame, code)

    def _check_software(self, vad: Vad | None, pte: int) -> Iterator[str]:
        code = self._format.protection(pte)
        if self._format.is_page_file(pte):
            yield from self._check_private_place(vad)
            return
        if pte != self._format.demand_zero(code):
            yield "bits outside the protection field of a demand-zero entry"
        if vad is None or vad.is_view:
            yield "a demand-zero entry outside private memory"
        elif code == MM_DECOMMIT and not vad.mem_commit:
            yield "a decommitted entry where a zero one would do"

    @staticmethod
    def _check_private_place(vad: Vad | None) -> Iterator[str]:
        if vad is None:
            yield "the shared page in a paging file"
