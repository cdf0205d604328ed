"""Working sets, commit charge and page-file slots against page tables and VADs."""

from collections.abc import Iterator

from ntmm.kernel.mm.audit.contents import all_entries
from ntmm.kernel.mm.audit.findings import Findings
from ntmm.kernel.mm.audit.system_cache import cached_ranges
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.system_space import KERNEL_PAGES
from ntmm.kernel.mm.tables import root_frames
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MM_ACCESS_MASK, MM_DECOMMIT, MM_EXECUTE_WRITECOPY, MM_WRITECOPY

COPY_CODES = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)


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
    """Each valid user PTE and each valid user page table has exactly one entry."""
    valid = _valid_pages(manager, space)
    page = f"process {space.process_id}"
    working_set = space.working_set
    entries = list(working_set.entries())
    dynamic = [entry for entry in entries if entry.index >= working_set.first_dynamic or entry.locked]
    listed = sorted(entry.vpn for entry in dynamic)
    if listed != sorted(valid):
        wrong = [hex(vpn) for vpn in sorted(set(listed) ^ set(valid))[:3]]
        yield f"{page}: working-set list and page tables differ at pages {wrong}"
    if working_set.count != len(entries):
        yield f"{page}: the working set says {working_set.count} pages of {len(entries)}"
    for entry in entries:
        if entry.locked and entry.index >= working_set.first_dynamic:
            yield f"{page}: locked page {entry.vpn:#x} stands among those that may be replaced"
        frame = valid.get(entry.vpn, 0)
        if not frame or manager.pfn.flags[frame] & PROTOTYPE_FLAG:
            continue
        if manager.pfn.working_set_index[frame] != entry.index:
            yield f"frame {frame:#x} names working-set entry {manager.pfn.working_set_index[frame]}: {entry.index}"


def _valid_pages(manager: MemoryManager, space: AddressSpace) -> dict[int, int]:
    """Virtual page number -> frame of the user pages, and of the page tables that lead to user pages."""
    memory, architecture = manager.table_memory, manager.architecture
    shift, valid = architecture.page_shift, dict[int, int]()
    for address, index in space.tables.resident(0, space.user.highest + 1):
        pte = memory.entries[index]
        if pte & 1 and manager.pfn.use[memory.format.frame(pte)] != PageUse.USER_PHYSICAL:
            valid[address >> shift] = memory.format.frame(pte)
    for frame in space.tables.user_tables():
        valid[architecture.address_of_pte(manager.pfn.pte_address[frame]) >> shift] = frame
    return valid


def check_system_working_set(manager: MemoryManager) -> Iterator[str]:
    """The system working set holds the valid pages of paged pool and of the system cache."""
    tables, shift = manager.system.tables, manager.architecture.page_shift
    entries = manager.table_memory.entries
    valid = {
        address >> shift
        for start, end in (manager.system.paged_pool.grown_range, *cached_ranges(manager))
        for address, index in tables.resident(start, end)
        if entries[index] & 1
    }
    listed = sorted(entry.vpn for entry in manager.system.working_set.entries())
    if listed != sorted(valid):
        yield f"the system working set differs from paged pool and system cache at {sorted(valid ^ set(listed))[:3]}"


def check_slots(manager: MemoryManager, findings: Findings) -> Iterator[str]:
    """Each slot in use of a paging file is named once: by a PTE, or by the PFN entry of a page in RAM."""
    for place, count in findings.slots.items():
        if count > 1:
            yield f"slot {place[1]:#x} of paging file {place[0]} is named {count} times"
    for file in manager.paging_files.files:
        used = set(file.slots.in_use())
        named = {slot for number, slot in findings.slots if number == file.number}
        if named - used:
            yield f"slots {sorted(named - used)[:3]} of {file.name} are named and free"
        if len(used - named) != file.broken_slots:
            yield f"slots {sorted(used - named)[:3]} of {file.name} are in use and nobody names them"
        if len(used) != file.slots.used:
            yield f"{file.name} says {file.slots.used} slots, {len(used)} are in use"


def _commit_of(manager: MemoryManager, space: AddressSpace, vad: Vad) -> int:
    page = manager.architecture.page_size
    if vad.is_view:
        changed = sum(1 for vpn in space.charged_copies if vad.start_vpn <= vpn <= vad.end_vpn)
        copies = vad.pages if vad.protection & MM_ACCESS_MASK in COPY_CODES else 0
        return (int(vad.control_area.copy_pages) if vad.kind is VadKind.IMAGE else copies) + changed
    if not vad.memory_is_counted or vad.kind is VadKind.PHYSICAL:
        return 0
    present = [
        pte for _, pte in all_entries(manager, space.tables.root, vad.start_vpn * page, (vad.end_vpn + 1) * page)
    ]
    gone = present.count(manager.table_memory.format.demand_zero(MM_DECOMMIT))
    return vad.pages - gone if vad.mem_commit else len(present) - gone


def check_commit(manager: MemoryManager) -> Iterator[str]:
    """The ledger is the sum of all accounts, and the system's account is what the system holds."""
    sections = [area.account.pages for area in manager.sections.areas() if area.account is not None]
    physical = [space.physical.account.pages for space in manager.spaces if space.physical is not None]
    spaces = [space.account.pages for space in manager.spaces]
    sessions = [session.account.pages for session in manager.sessions_by_id.values()]
    accounts = manager.system_account.pages + sum(spaces) + sum(physical) + sum(sections) + sum(sessions)
    if manager.ledger.committed != accounts:
        yield f"the commit ledger says {manager.ledger.committed} pages, the accounts hold {accounts}"
    system = manager.system
    roots = len(root_frames(manager.table_memory, system.tables.root))
    held = KERNEL_PAGES + roots + system.tables.tables + system.paged_pool.pages + system.nonpaged_pool.pages + 1
    held += (
        system.working_set.list_pages
        + manager.kernel_stacks.committed
        + manager.system_images.committed
        + manager.contiguous.committed
    )
    if manager.system_account.pages != held:
        yield f"the system is charged {manager.system_account.pages} pages, it holds {held}"
