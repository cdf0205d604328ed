"""Working sets and commit charge against page tables and VADs."""

from collections.abc import Iterator

from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn.database import PROTOTYPE_FLAG
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.space.allocate import count_committed
from ntmm.kernel.mm.system_space import KERNEL_PAGES
from ntmm.kernel.mm.tables import root_frames
from ntmm.kernel.mm.vad import Vad


def check_space(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    """One address space: working set, page counts, commit of every VAD, the account."""
    yield from _check_working_set(manager, space)
    page = manager.architecture.page_size
    total = 0
    for vad in space.vads:
        expected = _commit_of(manager, space, vad)
        total += expected
        if vad.commit_charge != expected:
            yield f"VAD at {vad.start_vpn * page:#x} is charged {vad.commit_charge} pages, it commits {expected}"
    roots = len(root_frames(manager.table_memory, space.tables.root))
    expected = total + roots + space.tables.tables + space.working_set.list_pages
    if space.account.pages != expected:
        yield f"process {space.process_id} is charged {space.account.pages} pages, it holds {expected}"
    size = sum(vad.pages for vad in space.vads if vad.memory_is_counted) * page
    if space.virtual_size != size:
        yield f"process {space.process_id} says {space.virtual_size} bytes of address space, its VADs hold {size}"


def _check_working_set(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    """Each valid user PTE has exactly one entry, with its page's protection."""
    entries, pfn, shift = manager.table_memory.entries, manager.pfn, manager.architecture.page_shift
    end = manager.layout.highest_user_address + 1
    valid: dict[int, int] = {}
    private = 0
    for address, index in space.tables.existing(0, end):
        pte = entries[index]
        if pte & 1:
            frame = manager.table_memory.format.frame(pte)
            valid[address >> shift] = frame
            private += not pfn.flags[frame] & PROTOTYPE_FLAG
    listed = [vpn for _, vpn, _ in space.working_set.entries()]
    if sorted(listed) != sorted(valid):
        wrong = sorted(set(listed) ^ set(valid))[:3]
        yield f"process {space.process_id}: working-set list and page tables differ at pages {wrong}"
    if space.working_set.count != len(valid):
        yield f"process {space.process_id}: the working set says {space.working_set.count} pages of {len(valid)}"
    if space.private_pages != private:
        yield f"process {space.process_id} says {space.private_pages} private pages of {private}"
    if space.shared_pages.total() != len(valid) - private:
        yield f"process {space.process_id} says {space.shared_pages.total()} shared pages of {len(valid) - private}"
    for index, vpn, _ in space.working_set.entries():
        frame = valid.get(vpn, 0)
        if frame and not pfn.flags[frame] & PROTOTYPE_FLAG and pfn.working_set_index[frame] != index:
            yield f"frame {frame:#x} names working-set entry {pfn.working_set_index[frame]} instead of {index}"


def _commit_of(manager: MemoryManager, space: AddressSpace, vad: Vad) -> int:
    page = manager.architecture.page_size
    if vad.is_view:
        changed = sum(1 for vpn in space.charged_copies if vad.start_vpn <= vpn <= vad.end_vpn)
        return int(vad.control_area.copy_pages) + changed
    if not vad.memory_is_counted:
        return 0
    return count_committed(manager.machine, space, vad, vad.start_vpn * page, (vad.end_vpn + 1) * page)


def check_commit(manager: MemoryManager) -> Iterator[str]:
    """The ledger is the sum of all accounts, and the system's account is what the system holds."""
    accounts = manager.system_account.pages + sum(space.account.pages for space in manager.spaces)
    if manager.ledger.committed != accounts:
        yield f"the commit ledger says {manager.ledger.committed} pages, the accounts hold {accounts}"
    system = manager.system
    roots = len(root_frames(manager.table_memory, system.tables.root))
    held = KERNEL_PAGES + roots + system.tables.tables + system.paged_pool.pages + system.nonpaged_pool.pages + 1
    if manager.system_account.pages != held:
        yield f"the system is charged {manager.system_account.pages} pages, it holds {held}"
