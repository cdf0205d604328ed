"""A whole process leaves memory and comes back (MmOutSwapProcess, MmInSwapProcess).

Its working set is emptied first. Then its page tables, the pages of the working-set list and hyperspace's tables take
transition form, and at last the top tables, whose PTEs are words of nonpaged pool while they are out (in Windows
they are fields of EPROCESS). All of them go to the modified list as soon as nothing in them names a page of RAM, so the
paging file gets them bottom up. PAE's pointer table, of 32 bytes, stays.

While a process is out its root is the firmware's frame of zeroes: every walk finds nothing, and whoever needs the
process has it swapped in.
"""

from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.ke.lock import KernelMutex
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.pool import Pool, PoolExhausted
from ntmm.kernel.mm.space.address_space import AddressSpace, SwappedRoots
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.tables import own_slots, renew_root, root_frames, self_mapped_roots
from ntmm.nt.memory import MM_READWRITE

ZERO_FRAME: Final = 0
"""The first frame of the firmware: nothing is ever written to it."""
_TAG: Final = "Proc"


def may_out_swap(machine: SpaceMachine, space: AddressSpace) -> bool:
    """True when nothing but page tables is left in the working set, none of them maps memory that is never paged, and
    no service is at work on the process.
    """
    lock = space.address_creation
    if space.is_swapped_out or space.deleted or (isinstance(lock, KernelMutex) and lock.owner is not None):
        return False
    if any(vad.is_locked for vad in space.vads):
        return False
    return all(machine.pfn.use[frame] == PageUse.PAGE_TABLE for frame in _tables_left(machine, space))


def _tables_left(machine: SpaceMachine, space: AddressSpace) -> list[int]:
    """The frames of the working set beyond the fixed ones."""
    memory, fixed = machine.table_memory, len(_fixed_frames(machine, space))
    shift = machine.architecture.page_shift
    indices = [space.tables.find(entry.vpn << shift) for entry in space.working_set.entries() if entry.index >= fixed]
    return [memory.format.frame(memory.entries[index]) for index in indices]


def _fixed_frames(machine: SpaceMachine, space: AddressSpace) -> list[int]:
    """The frames of the fixed entries of the working set, in their order: top tables, hyperspace's tables, the list."""
    address = machine.layout.working_set_list
    frames = [frame for frame, _ in self_mapped_roots(machine.table_memory, space.tables.root)]
    frames += [frame for frame in space.tables.path(address) if frame not in frames]
    return [*frames, space.working_set.list_frames[0]]


def _list_addresses(machine: SpaceMachine, space: AddressSpace) -> range:
    start, page = machine.layout.working_set_list, machine.architecture.page_size
    return range(start, start + space.working_set.list_pages * page, page)


# out


def out_swap(machine: SpaceMachine, space: AddressSpace, pool: Pool) -> bool:
    """Puts a process out whose working set was emptied; False if it must stay, because of locked pages or the pool."""
    memory, pte_size = machine.table_memory, machine.architecture.pte_size
    known = root_frames(memory, space.tables.root)
    tops = known[1:] or known
    try:
        block = pool.allocate(len(tops) * pte_size, _TAG)  # may wait, so the process is looked at afterwards
    except PoolExhausted:
        return False
    if not may_out_swap(machine, space):
        pool.free(block)
        return False
    _put_tables_out(machine, space)
    words = tuple(block + number * pte_size for number in range(len(tops)))
    for frame, word in zip(tops, words, strict=True):
        index = pool.word(word)
        memory.write(index, memory.format.transition(frame, MM_READWRITE))
        memory.own(frame, index, word, memory.format.demand_zero(MM_READWRITE))
        machine.pfn.flags[frame] |= MODIFIED_FLAG
        machine.pfn.drop_share(frame)
    pointer_table = known[0] if len(known) > 1 else 0
    if pointer_table:
        base = pointer_table << memory.entries_shift
        for slot in range(len(tops)):
            memory.entries[base + slot] = 0
    space.swapped = SwappedRoots(block, words, pointer_table)
    _move_root(space, ZERO_FRAME)
    machine.resident.give_back(space.resident_charge)
    machine.table_memory.mark_stale()
    return True


def _put_tables_out(machine: SpaceMachine, space: AddressSpace) -> None:
    """Everything below the top tables, the lowest level first."""
    memory, pfn = machine.table_memory, machine.pfn
    known = root_frames(memory, space.tables.root)
    hyperspace = dict.fromkeys(
        frame
        for address in _list_addresses(machine, space)
        for frame in reversed(space.tables.path(address))
        if frame not in known
    )
    left = [entry.index for entry in space.working_set.entries() if entry.index >= space.working_set.first_dynamic]
    frames = _tables_left(machine, space)
    for index in left:
        space.working_set.remove(index)
    for frame in (*frames, *space.working_set.list_frames, *hyperspace):
        pfn.flags[frame] |= MODIFIED_FLAG
        protection = memory.format.protection(pfn.original_pte[frame])
        memory.write(pfn.pte_index(frame), memory.format.transition(frame, protection))
        pfn.drop_share(frame)


def _move_root(space: AddressSpace, frame: int) -> None:
    space.tables.move_root(frame)
    space.memory.move(space.tables.directory)
    space.is_swapped_out = space.swapped is not None


# back


def in_swap(machine: SpaceMachine, space: AddressSpace, pool: Pool) -> None:
    """Brings a process back: its top tables, hyperspace and the working-set list; waits for the disk.

    Raises Bugcheck 0x7A if one of them cannot be read. What is back stays valid if the machine stops meanwhile.
    """
    assert space.swapped is not None
    swapped = space.swapped
    try:
        tops = [_bring_in_top(machine, pool.word(word), word, slot) for slot, word in enumerate(swapped.words)]
        list_frames = [_bring_in_list_page(machine, tops[-1], address) for address in _list_addresses(machine, space)]
    except GuestFault as fault:
        sentence = f"process {space.process_id} could not be read from the paging file"
        raise Bugcheck(BugcheckCode.KERNEL_DATA_INPAGE_ERROR, sentence, fault.address, fault.status) from fault
    root = _make_root(machine, tops, swapped, pool)
    for number, frame in enumerate(list_frames):
        space.working_set.replace_list_page(number, frame)
    renew_root(machine.table_memory, machine.system_tables.root, root)
    space.swapped = None
    _move_root(space, root)
    for index, frame in enumerate(_fixed_frames(machine, space)):
        machine.pfn.working_set_index[frame] = index
    machine.resident.charge_required(space.resident_charge)


def _bring_in_top(machine: SpaceMachine, index: int, word: int, number: int) -> int:
    """The frame of a top table, whose PTE in the pool is valid from now on."""
    memory, pfn = machine.table_memory, machine.pfn
    if memory.entries[index] & 1:
        return memory.format.frame(memory.entries[index])
    frame = machine.faults.bring_in_page(index, word, PageUse.PAGE_TABLE)
    memory.write(index, memory.table_entry(frame, user=False))
    base = frame << memory.entries_shift
    pfn.used_entries[frame] = sum(1 for slot in own_slots(memory, number) if memory.entries[base + slot])
    return frame


def _bring_in_list_page(machine: SpaceMachine, top: int, address: int) -> int:
    """The frame of a page of the working-set list, after the tables on the way to it; `top` is the last top table."""
    memory, architecture = machine.table_memory, machine.architecture
    frame = top
    for level in range(1 if architecture.name == "pae" else 0, architecture.levels):
        mask = (1 << architecture.index_bits[level]) - 1
        index = (frame << memory.entries_shift) + (address >> architecture.shifts[level] & mask)
        if memory.entries[index] & 1:
            frame = memory.format.frame(memory.entries[index])
        else:
            frame = _bring_in_below(machine, index, level, address)
    return frame


def _bring_in_below(machine: SpaceMachine, index: int, level: int, address: int) -> int:
    """The frame that the entry at `index` leads to, valid from now on: a table of hyperspace or a page of the list."""
    memory, architecture = machine.table_memory, machine.architecture
    is_list = level == architecture.levels - 1
    use = PageUse.WORKING_SET_LIST if is_list else PageUse.PAGE_TABLE
    frame = machine.faults.bring_in_page(index, architecture.entry_address(level, address), use)
    memory.write(index, memory.table_entry(frame, user=False) | (architecture.no_execute if is_list else 0))
    if not is_list:
        machine.pfn.used_entries[frame] = memory.count_entries(frame)
    return frame


def _make_root(machine: SpaceMachine, tops: list[int], swapped: SwappedRoots, pool: Pool) -> int:
    """The top tables name themselves again; the root is the only one, or PAE's pointer table."""
    memory, pfn = machine.table_memory, machine.pfn
    for frame, word in zip(tops, swapped.words, strict=True):
        memory.write(pool.word(word), 0)
        pfn.release_slot(pfn.original_pte[frame])
        memory.own(frame, frame << memory.entries_shift, 0, 0)
    pool.free(swapped.block)
    if not swapped.pointer_table:
        return tops[0]
    base = swapped.pointer_table << memory.entries_shift
    for slot, frame in enumerate(tops):
        memory.entries[base + slot] = frame << memory.architecture.page_shift | 1
    return swapped.pointer_table
