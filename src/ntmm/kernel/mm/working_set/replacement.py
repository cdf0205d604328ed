"""Which page of a working set goes when a new one needs its place (MiReplaceWorkingSetEntry), by version of Windows.

fifo     NT 4, and Windows 2000 on several processors: the entry after the one replaced last
clock    Windows 2000 on one processor: the first one that was not accessed since the hand last passed
ageing   XP and Server 2003: the oldest of the next few entries
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from ntmm.kernel.mm.working_set.trim import may_trim, may_trim_page
from ntmm.kernel.mm.working_set.working_set import AGE_MASK, AGE_SHIFT, MAXIMUM_AGE, VALID, WorkingSet

SEARCH_LENGTH: Final = 16
"""Entries that ageing looks at before it takes the best one."""

Replacement = Callable[[WorkingSet], int]
"""Answers the index of the entry to be replaced, or -1 if none can be."""


def _round(working_set: WorkingSet) -> Iterator[tuple[int, int]]:
    """(index, raw WSLE) of every valid dynamic entry from the hand on, twice around; the hand follows."""
    first, last = working_set.first_dynamic, working_set.last_entry
    start = working_set.next_slot if first <= working_set.next_slot <= last else first
    for _ in range(2):
        for index in chain(range(start, last + 1), range(first, start)):
            value = working_set.value(index)
            if value & VALID:
                working_set.next_slot = index + 1
                yield index, value


def _test_and_clear(working_set: WorkingSet, value: int) -> bool:
    """Whether the CPU used a page since the last look; forgets it."""
    memory = working_set.tables.memory
    place = working_set.pte_index_of(value)
    pte = memory.entries[place]
    if not pte & memory.architecture.ACCESSED:
        return False
    memory.write(place, pte & ~memory.architecture.ACCESSED)
    return True


def first_in_first_out(working_set: WorkingSet) -> int:
    """NT 4: the next entry, however often it was used; only locked ones are passed over."""
    return next((index for index, value in _round(working_set) if may_trim(working_set, value)), -1)


def clock(working_set: WorkingSet) -> int:
    """Windows 2000: accessed pages get a second chance."""
    for index, value in _round(working_set):
        if not _test_and_clear(working_set, value) and may_trim(working_set, value):
            return index
    return first_in_first_out(working_set)


def ageing(working_set: WorkingSet) -> int:
    """XP: looks at a few entries, ages them, and takes the oldest."""
    best, best_age, looked = -1, -1, 0
    memory = working_set.tables.memory
    entries, accessed = memory.entries, memory.architecture.ACCESSED
    for index, value in _round(working_set):
        place = working_set.pte_index_of(value)
        pte = entries[place]
        if not may_trim_page(memory, pte):
            continue
        if pte & accessed:
            memory.write(place, pte & ~accessed)
            age = 0
        else:
            age = min(MAXIMUM_AGE, (value >> AGE_SHIFT & AGE_MASK) + 1)
        working_set.set_age(index, age)
        if age > best_age:
            best, best_age = index, age
        looked += 1
        if best_age == MAXIMUM_AGE or looked == SEARCH_LENGTH:
            break
    return best


REPLACEMENTS: Final[dict[str, Replacement]] = {"fifo": first_in_first_out, "clock": clock, "ageing": ageing}
