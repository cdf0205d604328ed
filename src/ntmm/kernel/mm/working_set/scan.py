"""Looking at a whole working set at once: ageing and trimming over arrays, a few nanoseconds a page.

The same steps as `trim_entry` and the single-page policies, for thousands of pages; numpy is imported with this module
only, which is when memory first runs short.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.tables.formats import PROTECTION_MASK, PROTECTION_SHIFT, TRANSITION
from ntmm.kernel.mm.working_set.trim import may_trim, trim_entry
from ntmm.kernel.mm.working_set.working_set import AGE_MASK, AGE_SHIFT, END_OF_CHAIN, FREE_SHIFT, VALID, WorkingSet

Numbers = npt.NDArray[Any]

_BATCH_USES: Final = (PageUse.PROCESS_PRIVATE, PageUse.PAGED_POOL)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Valid dynamic entries: index, position among the words of RAM, raw WSLE, index of the PTE; arrays alike long."""

    index: Numbers
    word: Numbers
    value: Numbers
    place: Numbers

    def take(self, chosen: Numbers | slice) -> "Candidates":
        """Those of a mask, of an array of positions, or of a slice."""
        return Candidates(self.index[chosen], self.word[chosen], self.value[chosen], self.place[chosen])


def gather(working_set: WorkingSet) -> Candidates:
    """All entries that may be looked at."""
    words = column(working_set.words)
    index, word = _list_words(working_set)
    value = words[word].astype(np.uint64)
    valid = (value & np.uint64(VALID)) != 0
    if not valid.all():
        index, word, value = index[valid], word[valid], value[valid]
    return Candidates(index, word, value, _places(working_set, value))


def _list_words(working_set: WorkingSet) -> tuple[Numbers, Numbers]:
    """All dynamic entries: their indices, and their positions among the words of RAM."""
    first, end = working_set.first_dynamic, working_set.last_entry + 1
    places = working_set.list_places
    pages = np.array(places.frames, dtype=np.int64)[:, np.newaxis] << places.slot_shift
    word = (pages + np.arange(1 << places.slot_shift, dtype=np.int64)).ravel()
    return np.arange(first, end, dtype=np.int64), word[places.header + first : places.header + end]


def _places(working_set: WorkingSet, value: Numbers) -> Numbers:
    """Index of the PTE of each entry's page: one walk for each page table, then arithmetic."""
    tables = working_set.tables
    page_shift, leaf_bits = tables.memory.architecture.page_shift, tables.leaf_bits
    vpn = (value >> np.uint64(page_shift)).astype(np.uint64)
    number = vpn >> np.uint64(leaf_bits)
    if not len(number):
        return np.empty(0, dtype=np.int64)
    edges = np.flatnonzero(np.concatenate(([True], number[1:] != number[:-1])))
    distinct, inverse = np.unique(number[edges], return_inverse=True)
    bases = [tables.find(int(at) << leaf_bits + page_shift) for at in distinct]
    assert min(bases) >= 0, "a working set holds a page whose page table is not valid"
    lengths = np.diff(np.append(edges, len(number)))
    base = np.repeat(np.array(bases, dtype=np.int64)[inverse], lengths)
    return base + (vpn & np.uint64((1 << leaf_bits) - 1)).astype(np.int64)


def age_all(working_set: WorkingSet) -> int:
    """One pass of ageing: pages used since the last get age 0, the others grow older. Answers how many were used."""
    found = gather(working_set)
    memory = working_set.tables.memory
    entries = column(memory.entries)
    accessed_bit = entries.dtype.type(memory.architecture.ACCESSED)
    pte = entries[found.place]
    used = (pte & accessed_bit) != 0
    places = found.place[used]
    if memory.changed is None:
        entries[places] = pte[used] & ~accessed_bit
    else:
        for place in places.tolist():
            memory.write(place, memory.entries[place] & ~memory.architecture.ACCESSED)
    if len(places):
        memory.mark_stale()
    words = column(working_set.words)
    words[found.word] = _older(found.value, used).astype(words.dtype)
    return len(places)


def _older(value: Numbers, used: Numbers) -> Numbers:
    """The raw WSLEs with age 0 where the page was used, else a step older; the array is worked on in place."""
    oldest = np.uint64(AGE_MASK << AGE_SHIFT)
    age = value & oldest
    age += np.uint64(1 << AGE_SHIFT)
    np.minimum(age, oldest, out=age)
    age *= ~used
    value &= ~oldest
    value |= age
    return value


def ages(working_set: WorkingSet) -> list[int]:
    """Pages by age, 0 to 3."""
    found = gather(working_set)
    age = (found.value >> np.uint64(AGE_SHIFT)) & np.uint64(AGE_MASK)
    return [int(count) for count in np.bincount(age.astype(np.int64), minlength=AGE_MASK + 1)]


def trim_many(working_set: WorkingSet, count: int, minimum_age: int) -> int:
    """Takes up to `count` pages of at least an age away, the oldest first; answers how many went."""
    found = gather(working_set)
    age = ((found.value >> np.uint64(AGE_SHIFT)) & np.uint64(AGE_MASK)).astype(np.int64)
    behind = (found.index < working_set.next_slot).astype(np.int64)
    order = np.lexsort((found.index, behind, -age))
    found, age = found.take(order), age[order]
    found = found.take(age >= minimum_age)
    if not len(found.index) or count <= 0:
        return 0
    batch, single = _split(working_set, found)
    batch = batch.take(slice(0, count))
    trimmed = len(batch.index)
    if trimmed:
        _trim_batch(working_set, batch)
    for index in single.index.tolist():
        if trimmed >= count:
            break
        if may_trim(working_set, working_set.value(index)):
            trim_entry(working_set, index)
            trimmed += 1
    _sort_free_entries(working_set)
    return trimmed


def _sort_free_entries(working_set: WorkingSet) -> None:
    """The lowest free entries are used first from now on, so that the list fills in the order in which pages come."""
    words = column(working_set.words)
    index, word = _list_words(working_set)
    free = (words[word].astype(np.uint64) & np.uint64(VALID)) == 0
    index, word = index[free], word[free]
    if len(index):
        following = np.append(index[1:], END_OF_CHAIN).astype(np.uint64) << np.uint64(FREE_SHIFT)
        words[word] = following.astype(words.dtype)
        working_set.first_free = int(index[0])


def _split(working_set: WorkingSet, found: Candidates) -> tuple[Candidates, Candidates]:
    """Private pages that can go together, and all others."""
    memory = working_set.tables.memory
    pfn = memory.pfn
    if memory.changed is not None or pfn.moved is not None:
        return found.take(slice(0, 0)), found
    frame = _frames(working_set, found)
    plain = ~(column(pfn.flags)[frame] & ~np.uint8(MODIFIED_FLAG)).astype(bool)
    plain &= np.isin(column(pfn.use)[frame], _BATCH_USES)
    plain &= (column(pfn.share_count)[frame] == 1) & (column(pfn.reference_count)[frame] == 1)
    return found.take(plain), found.take(~plain)


def _frames(working_set: WorkingSet, found: Candidates) -> Numbers:
    memory = working_set.tables.memory
    entries = column(memory.entries)
    pte: Numbers = entries[found.place].astype(np.uint64)
    frame: Numbers = (pte & np.uint64(memory.format.frame_mask)) >> np.uint64(memory.format.frame_shift)
    return frame.astype(np.int64)


def _trim_batch(working_set: WorkingSet, batch: Candidates) -> None:
    """Private pages with one share and one reference each: PTEs, PFN entries, WSLEs and lists at once."""
    memory = working_set.tables.memory
    pfn = memory.pfn
    frame = _frames(working_set, batch)
    entries = column(memory.entries)
    flags, original = column(pfn.flags), column(pfn.original_pte)
    dirty = (entries[batch.place] & entries.dtype.type(memory.architecture.DIRTY)) != 0
    flags[frame[dirty]] |= np.uint8(MODIFIED_FLAG)
    watch = working_set.tables.dirty_bit_lost
    if watch is not None:
        for vpn in (batch.value[dirty] >> np.uint64(memory.architecture.page_shift)).tolist():
            watch(vpn)
    code = original[frame] >> np.uint64(PROTECTION_SHIFT) & np.uint64(PROTECTION_MASK)
    transition = (frame.astype(np.uint64) << np.uint64(memory.format.frame_shift)) | np.uint64(TRANSITION)
    entries[batch.place] = (transition | code << np.uint64(PROTECTION_SHIFT)).astype(entries.dtype)
    memory.mark_stale()
    column(pfn.share_count)[frame] = 0
    column(pfn.reference_count)[frame] = 0
    modified = (flags[frame] & np.uint8(MODIFIED_FLAG)) != 0
    with_slot = frame[modified & (original[frame] >> np.uint64(pfn.slot_shift) != 0)]
    for number in with_slot.tolist():
        pfn.forget_slot(number)
    _append(working_set, frame[modified], PageState.MODIFIED)
    _append(working_set, frame[~modified], PageState.STANDBY)
    words = column(working_set.words)
    words[batch.word] = 0  # they are chained with all other free entries at the end
    working_set.note_removed(len(frame))
    working_set.trimmed += len(frame)


def _append(working_set: WorkingSet, frame: Numbers, state: PageState) -> None:
    """Links the frames to each other and puts them at the tail of their list."""
    count = len(frame)
    if not count:
        return
    pfn = working_set.tables.memory.pfn
    pages = pfn.modified if state is PageState.MODIFIED else pfn.standby
    column(pfn.flink)[frame[:-1]] = frame[1:]
    column(pfn.blink)[frame[1:]] = frame[:-1]
    column(pfn.state)[frame] = state
    pages.extend(int(frame[0]), int(frame[-1]), count)
    pfn.moved_many(PageState.ACTIVE, state, count)
