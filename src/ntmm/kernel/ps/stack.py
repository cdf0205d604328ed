"""User stacks (RtlCreateUserStack): reserve all, commit the top and one guard page below it."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.ps.process import Process
from ntmm.nt.memory import (
    ALLOCATION_GRANULARITY,
    MEM_COMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    PAGE_GUARD,
    PAGE_READWRITE,
)
from ntmm.nt.status import Status

_DEFAULT_RESERVE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StackPlace:
    """Addresses: `base` is the first byte above the stack, `limit` its lowest committed byte without the guard page,
    `allocation` the base of the reservation.
    """

    base: int
    limit: int
    allocation: int


def create_user_stack(mm: MemoryManager, process: Process, reserve: int, commit: int) -> StackPlace | None:
    """A new stack of `reserve` bytes with `commit` of them committed; None if there is no memory."""
    page = mm.architecture.page_size
    commit = max(page, -(-commit // page) * page)
    reserve = reserve or _DEFAULT_RESERVE
    if commit >= reserve:
        reserve = -(-commit // _DEFAULT_RESERVE) * _DEFAULT_RESERVE
    reserve = max(-(-reserve // ALLOCATION_GRANULARITY) * ALLOCATION_GRANULARITY, 3 * page)
    status, allocation, _ = mm.allocate(process, 0, reserve, MEM_RESERVE, PAGE_READWRITE)
    if status is not Status.SUCCESS:
        return None
    base = allocation + reserve
    guard = page if commit + page <= reserve else 0
    status, _, _ = mm.allocate(process, base - commit - guard, commit + guard, MEM_COMMIT, PAGE_READWRITE)
    if status is not Status.SUCCESS:
        mm.free(process, allocation, 0, MEM_RELEASE)
        return None
    if guard:
        mm.protect(process, base - commit - guard, guard, PAGE_READWRITE | PAGE_GUARD)
    return StackPlace(base, base - commit, allocation)


def free_user_stack(mm: MemoryManager, process: Process, allocation: int) -> None:
    """Releases a stack, unless the program has done so itself."""
    mm.free(process, allocation, 0, MEM_RELEASE)
