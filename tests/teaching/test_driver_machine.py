"""Do drivers in machine code, loaded from Python, stop the machine for what the lecture says, and for nothing else?"""

from collections.abc import Callable
from typing import Any

import pytest

import ntmm
from ntmm.teaching import Bugcheck, DriverMachine
from ntmm.teaching.driver_machine import POOLS

MB = 1 << 20
SMALL, LARGE = 64 * MB, 300 * MB

EXECUTE_STACK = bytes.fromhex("6ac3 ffd4 58 c3")  # push the bytes C3 FF FF FF, call esp, pop eax, ret
STORE = {  # mov byte [argument], C3h, which is ret
    "x86": bytes.fromhex("8b4c2404 c601c3 b801000000 c20400"),
    "pae": bytes.fromhex("8b4c2404 c601c3 b801000000 c20400"),
    "x64": bytes.fromhex("c601c3 b801000000 c3"),
}
CALL = {  # call argument
    "x86": bytes.fromhex("8b4c2404 b802000000 ffd1 c20400"),
    "pae": bytes.fromhex("8b4c2404 b802000000 ffd1 c20400"),
    "x64": bytes.fromhex("4883ec28 b802000000 ffd1 4883c428 c3"),
}
ARCHITECTURES = tuple(CALL)
COVERED = {"x86": (), "pae": ("stack",), "x64": ("stack", "paged", "session")}
"""The lecture: on 32 bits kernel stacks and no pools, on 64 bits paged pool and session pool as well."""


def execute(machine: DriverMachine, place: str) -> int:
    architecture = machine.profile.architecture
    if place == "stack":
        return machine.load("stack.sys", EXECUTE_STACK).call()
    block = machine.allocate_pool(64, place)
    assert machine.load("store.sys", STORE[architecture]).call(block) == 1
    return machine.load("call.sys", CALL[architecture]).call(block)


@pytest.mark.parametrize("place", ["stack", *POOLS])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_which_regions_of_the_kernel_are_not_executed(architecture: str, place: str) -> None:
    with DriverMachine(architecture=architecture, ram=SMALL) as machine:
        if place not in COVERED[architecture]:
            execute(machine, place)
            return
        with pytest.raises(Bugcheck, match="STOP 0x000000FC ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY") as caught:
            execute(machine, place)
        assert caught.value.code == 0xFC


def test_is_everything_executed_where_dep_is_off() -> None:
    for fields in ({"processor_kind": "x86"}, {"boot": ntmm.boot_options("/EXECUTE /PAE")}, {"windows": "xp"}):
        with DriverMachine(architecture="pae", ram=SMALL, **fields) as machine:
            execute(machine, "stack")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_is_the_kernels_code_protected_without_large_pages_only(architecture: str) -> None:
    store = STORE[architecture]
    with DriverMachine(architecture=architecture, ram=SMALL) as machine:
        driver = machine.load("store.sys", store)
        with pytest.raises(Bugcheck, match="STOP 0x000000BE ATTEMPTED_WRITE_TO_READONLY_MEMORY") as caught:
            driver.call(machine.kernel_image + 0x800)
        assert caught.value.parameters[0] == machine.kernel_image + 0x800
        with pytest.raises(RuntimeError, match="this machine has stopped: make another"):
            driver.call(machine.kernel_image)
        assert repr(machine).endswith(", stopped>")
    with DriverMachine(architecture=architecture, ram=LARGE) as machine:
        driver = machine.load("store.sys", store)
        assert driver.call(machine.kernel_image + 0x800) == 1
        assert driver.stop_of_call(machine.kernel_image + 0x800) is None
    with DriverMachine(
        architecture=architecture, ram=LARGE, registry=ntmm.registry(["LargePageMinimum=0xFFFFFFFF"])
    ) as m:
        driver = m.load("store.sys", store)
        with pytest.raises(Bugcheck, match="0x000000BE"):
            driver.call(m.kernel_image + 0x800)


@pytest.mark.parametrize("ram", [SMALL, LARGE])
def test_does_the_registry_name_drivers_for_large_pages(ram: int) -> None:
    registry = ntmm.registry(["LargePageDrivers=fast.sys"])
    with DriverMachine(architecture="pae", ram=ram, registry=registry) as machine:
        named, other = machine.load("fast.sys", STORE["pae"]), machine.load("other.sys", STORE["pae"])
        assert (named.is_in_large_pages, other.is_in_large_pages) == (ram == LARGE, False)
        if ram == LARGE:
            assert named.call(named.base + 0x100) == 1 and "in large pages" in repr(named)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda machine: DriverMachine(architecture="ia64"), "no driver runs on ia64"),
        (lambda machine: DriverMachine(ram="64M"), "RAM is a number of bytes"),
        (lambda machine: machine.load("a.sys", "c3"), "the code of a driver is bytes"),
        (lambda machine: machine.load("a.sys", b""), "the code of a driver is bytes"),
        (lambda machine: machine.load("a.sys", b"\xc3", -1), "a count is a number from 0 on"),
        (lambda machine: machine.load("a.sys", b"\xc3").call("x"), "an argument is a number"),
        (lambda machine: machine.load("a.sys", b"\xc3").call(1, 2, 3, 4, 5), "a routine takes up to 4 arguments"),
        (lambda machine: machine.allocate_pool(0), "a size is a number above 0"),
        (lambda machine: machine.allocate_pool(1, "big"), "there is no pool 'big': choose one of nonpaged, paged"),
    ],
)
def test_is_a_mistake_explained(body: Callable[[Any], object], sentence: str) -> None:
    with DriverMachine(architecture="x86", ram=SMALL) as machine:
        with pytest.raises((TypeError, ValueError), match=sentence):
            body(machine)
        assert machine.load("still.sys", bytes.fromhex("b807000000c3")).call() == 7


def test_is_more_pool_refused_than_there_is() -> None:
    with DriverMachine(architecture="x86", ram=SMALL) as machine:
        for kind in POOLS:
            with pytest.raises(ntmm.RefusedCall, match="ExAllocatePoolWithTag: STATUS_INSUFFICIENT_RESOURCES"):
                machine.allocate_pool(1 << 30, kind)
    with pytest.raises(RuntimeError, match="this machine was closed"):
        machine.allocate_pool(1)
