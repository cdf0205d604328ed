"""Do processes and kernel stacks keep what they hold, in whatever order they leave memory and come back?"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntmm.kernel.mm.fault import FaultContext
from ntmm.kernel.mm.kernel_stack import KernelStack
from ntmm.kernel.mm.space import AddressSpace
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, FakeProcess, MemoryMachine
from tests.kernel.mm.paging import use_up_standby, write_all

PAGES = 40
NEAR, FAR = 0x0100_0000, 0x5000_0000
PROCESSES = 2


class World:
    """Two processes with pages in two page tables each, kernel stacks, and what all of them should hold."""

    def __init__(self, architecture: str) -> None:
        self.machine = MemoryMachine(architecture, ram=6 * MB)
        self.mm = self.machine.mm
        self.machine.add_paging_file(6 * MB)
        self.processes: list[FakeProcess] = []
        self.held: dict[tuple[int, int], int] = {}
        for _ in range(PROCESSES):
            process = self.machine.new_process()
            for base in (NEAR, FAR):
                self.machine.allocate(process, PAGES * PAGE, address=base)
            self.processes.append(process)
        self.stacks: list[tuple[KernelStack, int]] = []
        self.mm.faults.swap_in = self.swap_in
        self.next_id = 0x100

    def swap_in(self, context: FaultContext) -> None:
        assert isinstance(context, AddressSpace)
        self.mm.in_swap(context)

    # what a step may be; each takes two numbers

    def write(self, where: int, value: int) -> None:
        process, address = self._place(where)
        self.processes[process].space.memory.write_u32(address, value)
        self.held[process, address] = value

    def read(self, where: int, _: int) -> None:
        process, address = self._place(where)
        assert self.processes[process].space.memory.read_u32(address) == self.held.get((process, address), 0)

    def _place(self, where: int) -> tuple[int, int]:
        page = where // PROCESSES % (2 * PAGES)
        return where % PROCESSES, (NEAR if page < PAGES else FAR) + page % PAGES * PAGE

    def out(self, which: int, _: int) -> None:
        space = self.processes[which % PROCESSES].space
        was_out = space.is_swapped_out
        assert self.mm.out_swap(space) is not was_out
        assert space.is_swapped_out

    def drain(self, rounds: int, _: int) -> None:
        for _ in range(rounds % 5 + 1):
            write_all(self.machine)
            use_up_standby(self.machine)

    def new_stack(self, large: int, _: int) -> None:
        stack = self.mm.kernel_stacks.create(bool(large % 2))
        assert stack is not None
        self.next_id += 4
        stack.pointer = stack.base - 600
        self.mm.kernel_stacks.write(stack.pointer, self.next_id.to_bytes(4, "little") * 150)
        self.stacks.append((stack, self.next_id))

    def move_stack(self, which: int, _: int) -> None:
        if self.stacks:
            stack, thread_id = self.stacks[which % len(self.stacks)]
            if stack.resident:
                self.mm.stack_swapping.take_out(stack, thread_id)
            else:
                self.mm.stack_swapping.bring_back(stack, thread_id)
                assert self.mm.kernel_stacks.read(stack.pointer, 600) == thread_id.to_bytes(4, "little") * 150

    def grow_stack(self, which: int, _: int) -> None:
        if self.stacks and self.stacks[which % len(self.stacks)][0].resident:
            self.mm.kernel_stacks.grow(self.stacks[which % len(self.stacks)][0])

    def delete_stack(self, which: int, _: int) -> None:
        if self.stacks:
            self.mm.kernel_stacks.delete(self.stacks.pop(which % len(self.stacks))[0])


STEPS: dict[str, Callable[[World, int, int], None]] = {
    "write": World.write,
    "read": World.read,
    "out": World.out,
    "drain": World.drain,
    "new_stack": World.new_stack,
    "move_stack": World.move_stack,
    "grow_stack": World.grow_stack,
    "delete_stack": World.delete_stack,
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 4 * PAGES - 1), st.integers(1, 0xFFFFFFFF)),
        min_size=5,
        max_size=40,
    )
)
@settings(max_examples=30)
def test_is_everything_kept(architecture: str, steps: list[tuple[str, int, int]]) -> None:
    world = World(architecture)
    for name, first, second in steps:
        STEPS[name](world, first, second)
        if name in ("out", "drain", "move_stack"):
            world.machine.check()
    for process, address in world.held:
        assert world.processes[process].space.memory.read_u32(address) == world.held[process, address]
    world.machine.check()
    while world.stacks:
        world.delete_stack(0, 0)
    for made in world.processes:
        world.machine.end(made)
    world.machine.check()
    assert world.mm.paging_files.files[0].slots.used == 0
