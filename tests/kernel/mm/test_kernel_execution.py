"""Which regions of system space may the kernel execute, and what happens where it may not?"""

from collections.abc import Callable

import pytest

from ntmm.hw.arch import architecture_named
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.nt.dep import DepSettings, covered_regions

RAM = 16 << 20


def manager(name: str, no_execute: bool = True) -> MemoryManager:
    return MemoryManager(Ram(RAM), architecture_named(name), Clock(), no_execute=no_execute)


def stack_page(mm: MemoryManager) -> int:
    stack = mm.kernel_stacks.create()
    assert stack is not None
    return stack.base - 4


PLACES: dict[str, Callable[[MemoryManager], int]] = {
    "kernel stacks": stack_page,
    "paged pool": lambda mm: mm.system.paged_pool.allocate(64, "Test"),
    "nonpaged pool": lambda mm: mm.system.nonpaged_pool.allocate(64, "Test"),
    "kernel image": lambda mm: mm.system.kernel_addresses[0],
}

COVERED = {
    ("x86", True): set(),
    ("pae", True): {"kernel stacks"},
    ("pae", False): set(),
    ("x64", True): {"kernel stacks", "paged pool"},
}
"""(architecture, DEP in hardware) -> regions of the lecture's lists that this kernel has."""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("architecture", "in_hardware"), COVERED)
def test_is_execution_stopped_where_the_lecture_says(architecture: str, in_hardware: bool, place: str) -> None:
    mm = manager(architecture, in_hardware)
    address = PLACES[place](mm)
    if place not in COVERED[architecture, in_hardware]:
        assert 0 < mm.kernel_fetch(address) < RAM >> 12
        return
    with pytest.raises(Bugcheck) as caught:
        mm.kernel_fetch(address)
    assert caught.value.code is BugcheckCode.ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY
    assert int(caught.value.code) == 0xFC
    assert caught.value.parameters[0] == address
    assert caught.value.parameters[1] >> 63  # the PTE that forbids it


@pytest.mark.parametrize(("architecture", "in_hardware"), COVERED)
def test_do_the_regions_told_agree(architecture: str, in_hardware: bool) -> None:
    in_hardware = in_hardware and architecture != "x86"
    told = set(covered_regions(architecture, DepSettings("optout", in_hardware)))
    assert told - {"session pool"} == COVERED[architecture, in_hardware or architecture == "x86"]


def test_is_a_fetch_from_nowhere_another_bugcheck() -> None:
    mm = manager("pae")
    with pytest.raises(Bugcheck) as caught:
        mm.kernel_fetch(mm.layout.paged_pool_end - 1)
    assert caught.value.code is BugcheckCode.PAGE_FAULT_IN_NONPAGED_AREA
