"""MmAdjustWorkingSetSize: new limits for a working set, with the checks of SetProcessWorkingSetSize. Sizes in pages."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.working_set import WorkingSet, WorkingSetLimits
from ntmm.kernel.mm.working_set.limits import MAXIMUM_FLOOR, MINIMUM_FLOOR
from ntmm.nt.status import Status

SYSTEM_SHARE: Final = 512
"""Pages that no working set may have: the largest maximum is what was available at boot without them."""


@dataclass(frozen=True, slots=True)
class LimitsRequest:
    """What a program asks for; a flag that is None stays as it is. `privileged`: it may raise the minimum."""

    minimum: int
    maximum: int
    hard_minimum: bool | None = None
    hard_maximum: bool | None = None
    privileged: bool = True


def adjust_limits(machine: SpaceMachine, space: AddressSpace, request: LimitsRequest, largest: int) -> Status:
    """Sets both limits, clamped to what is allowed (WORKING_SET_LIMIT_RANGE, a success).

    BAD_WORKING_SET_LIMIT if they contradict each other or the locked pages, PRIVILEGE_NOT_HELD for a higher minimum,
    INSUFFICIENT_RESOURCES if RAM cannot promise it. The caller trims down to a lower maximum.
    """
    working_set = space.working_set
    limits = new_limits(working_set.limits, request, largest)
    if limits is None or limits.maximum <= working_set.first_dynamic:
        return Status.BAD_WORKING_SET_LIMIT
    if limits.minimum > working_set.limits.minimum and not request.privileged:
        return Status.PRIVILEGE_NOT_HELD
    if not _promise(machine, space, limits.minimum):
        return Status.INSUFFICIENT_RESOURCES
    working_set.limits = limits
    working_set.quota = quota_within(limits, working_set)
    clamped = (limits.minimum, limits.maximum) != (request.minimum, request.maximum)
    return Status.WORKING_SET_LIMIT_RANGE if clamped else Status.SUCCESS


def new_limits(before: WorkingSetLimits, request: LimitsRequest, largest: int) -> WorkingSetLimits | None:
    """What a request comes to, clamped to what is allowed; None if its limits contradict each other."""
    if request.minimum > request.maximum:
        return None
    minimum = max(MINIMUM_FLOOR, min(request.minimum, largest))
    maximum = max(MAXIMUM_FLOOR, min(request.maximum, largest), minimum)
    hard_minimum = before.hard_minimum if request.hard_minimum is None else request.hard_minimum
    hard_maximum = before.hard_maximum if request.hard_maximum is None else request.hard_maximum
    return WorkingSetLimits(minimum, maximum, hard_minimum, hard_maximum)


def quota_within(limits: WorkingSetLimits, working_set: WorkingSet) -> int:
    """The quota of a working set that has got new limits: what it has beyond a soft one it keeps for now."""
    if limits.hard_maximum:
        return limits.maximum
    return max(limits.maximum, min(working_set.quota, working_set.count))


def _promise(machine: SpaceMachine, space: AddressSpace, minimum: int) -> bool:
    """The minimum is charged as resident; False, and nothing changed, if RAM cannot promise it."""
    if minimum <= space.resident_charge:
        machine.resident.give_back(space.resident_charge - minimum)
    elif not machine.resident.charge(minimum - space.resident_charge):
        return False
    space.resident_charge = minimum
    return True
