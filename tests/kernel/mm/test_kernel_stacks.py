"""Are kernel stacks made, grown, put out and brought back with what they hold?"""

import errno

import pytest

from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.kernel_stack import KernelStack
from ntmm.kernel.mm.pfn import PageState
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, PAGE, MemoryMachine, MemoryStore
from tests.kernel.mm.paging import use_up_standby, write_all

THREAD = 0x1234
CONTENTS = bytes(range(1, 201))


def made(machine: MemoryMachine, large: bool = False) -> KernelStack:
    stack = machine.mm.kernel_stacks.create(large)
    assert stack is not None
    return stack


def filled(machine: MemoryMachine) -> KernelStack:
    """A stack with something at its top, ready to go out."""
    stack = made(machine)
    stack.pointer = stack.base - len(CONTENTS) - PAGE
    machine.mm.kernel_stacks.write(stack.pointer, CONTENTS)
    return stack


def states(machine: MemoryMachine, stack: KernelStack) -> set[PageState]:
    memory, ptes = machine.mm.table_memory, machine.mm.system_ptes
    entries = [memory.entries[ptes.word(address)] for address in range(stack.limit, stack.base, PAGE)]
    return {PageState(machine.mm.pfn.state[memory.format.frame(entry)]) for entry in entries}


def test_how_large_is_a_stack_and_what_lies_below(machine: MemoryMachine) -> None:
    wide = machine.architecture.pointer_size == 8
    free, committed = machine.mm.system_ptes.free, machine.mm.ledger.committed
    stack = made(machine)
    pages = 6 if wide else 3
    assert stack.base - stack.limit == pages * PAGE
    assert machine.mm.system_ptes.free == free - pages - 1
    assert machine.mm.kernel_stacks.committed == pages
    guard = machine.mm.table_memory.entries[machine.mm.system_ptes.word(stack.limit - PAGE)]
    assert guard == 0x300
    machine.check()
    machine.mm.kernel_stacks.delete(stack)
    assert machine.mm.system_ptes.free == free
    assert machine.mm.ledger.committed - committed <= machine.architecture.levels  # page tables of the region stay


def test_does_a_large_stack_grow_page_by_page_to_its_end(machine: MemoryMachine) -> None:
    stack = made(machine, large=True)
    steps = 12
    for _ in range(steps):
        assert machine.mm.kernel_stacks.grow(stack) is Status.SUCCESS
        machine.check()
    assert machine.mm.kernel_stacks.grow(stack) is Status.STACK_OVERFLOW
    assert stack.base - stack.limit == (0x12000 if machine.architecture.pointer_size == 8 else 0xF000)
    assert machine.mm.kernel_stacks.grow(made(machine)) is Status.STACK_OVERFLOW


def test_are_stacks_refused_where_memory_ends(machine: MemoryMachine) -> None:
    stacks = []
    while (stack := machine.mm.kernel_stacks.create()) is not None:
        stacks.append(stack)
    assert len(stacks) > 100
    machine.check()
    for stack in stacks:
        machine.mm.kernel_stacks.delete(stack)
    assert machine.mm.kernel_stacks.committed == 0


def test_does_a_stack_come_back_from_the_page_lists(machine: MemoryMachine) -> None:
    stack, resident = filled(machine), machine.mm.resident.available
    machine.mm.stack_swapping.take_out(stack, THREAD)
    machine.check()
    assert machine.mm.resident.available > resident
    assert states(machine, stack) == {PageState.MODIFIED}
    machine.mm.stack_swapping.bring_back(stack, THREAD)
    assert machine.mm.resident.available == resident
    assert machine.mm.kernel_stacks.read(stack.pointer, len(CONTENTS)) == CONTENTS


def test_does_a_stack_come_back_from_the_paging_file(machine: MemoryMachine) -> None:
    machine.add_paging_file(2 * MB)
    stack = filled(machine)
    machine.mm.stack_swapping.take_out(stack, THREAD)
    write_all(machine)
    assert states(machine, stack) == {PageState.STANDBY}
    use_up_standby(machine)
    machine.check()
    entry = machine.mm.table_memory.entries[machine.mm.system_ptes.word(stack.limit)]
    assert machine.mm.table_memory.format.is_page_file(entry)
    assert machine.mm.table_memory.format.protection(entry) == 0x1F
    reads = machine.mm.in_page.reads
    machine.mm.stack_swapping.bring_back(stack, THREAD)
    assert machine.mm.in_page.reads == reads + 1  # its pages lie side by side
    assert machine.mm.kernel_stacks.read(stack.pointer, len(CONTENTS)) == CONTENTS
    machine.check()


def test_are_pages_that_were_not_written_to_kept_in_the_paging_file(machine: MemoryMachine) -> None:
    machine.add_paging_file(2 * MB)
    stack = filled(machine)
    for _ in range(2):
        machine.mm.stack_swapping.take_out(stack, THREAD)
        write_all(machine)
        use_up_standby(machine)
        machine.mm.stack_swapping.bring_back(stack, THREAD)
    machine.mm.stack_swapping.take_out(stack, THREAD)
    assert states(machine, stack) == {PageState.STANDBY, PageState.MODIFIED}
    machine.check()


@pytest.mark.parametrize("where", ["list", "file"])
def test_is_a_stack_deleted_wherever_it_is(machine: MemoryMachine, where: str) -> None:
    machine.add_paging_file(2 * MB)
    stack = filled(machine)
    machine.mm.stack_swapping.take_out(stack, THREAD)
    if where == "file":
        write_all(machine)
        use_up_standby(machine)
    machine.mm.kernel_stacks.delete(stack)
    assert machine.mm.paging_files.files[0].slots.used == 0


def test_is_a_wrong_signature_from_the_page_lists_a_bugcheck(machine: MemoryMachine) -> None:
    stack = filled(machine)
    machine.mm.stack_swapping.take_out(stack, THREAD)
    with pytest.raises(Bugcheck) as caught:
        machine.mm.stack_swapping.bring_back(stack, THREAD + 4)
    size = machine.architecture.pointer_size
    assert caught.value.code is BugcheckCode.KERNEL_STACK_INPAGE_ERROR
    assert caught.value.parameters == (0, THREAD, 0, stack.pointer - size)


def out_in_file(machine: MemoryMachine) -> tuple[KernelStack, MemoryStore]:
    store = machine.add_paging_file(2 * MB)
    stack = filled(machine)
    machine.mm.stack_swapping.take_out(stack, THREAD)
    write_all(machine)
    use_up_standby(machine)
    return stack, store


def test_is_a_spoilt_paging_file_a_bugcheck(machine: MemoryMachine) -> None:
    stack, store = out_in_file(machine)
    store.data[:] = bytes(len(store.data))
    with pytest.raises(Bugcheck) as caught:
        machine.mm.stack_swapping.bring_back(stack, THREAD)
    assert caught.value.parameters == (1, 0, 0, stack.pointer - machine.architecture.pointer_size)


def test_is_a_disk_that_gives_too_little_a_bugcheck(machine: MemoryMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    stack, store = out_in_file(machine)
    monkeypatch.setattr(store, "read", lambda offset, size: bytes(store.data[offset : offset + size - 1]))
    with pytest.raises(Bugcheck) as caught:
        machine.mm.stack_swapping.bring_back(stack, THREAD)
    assert caught.value.parameters[0] == 2


@pytest.mark.parametrize(("error", "io_status"), [(errno.EIO, Status.IO_DEVICE_ERROR), (errno.ENXIO, 0xC0000022)])
def test_is_a_failed_read_a_bugcheck_with_its_cause_and_place(
    machine: MemoryMachine, monkeypatch: pytest.MonkeyPatch, error: int, io_status: int
) -> None:
    stack, store = out_in_file(machine)

    def refuse(offset: int, size: int) -> bytes:
        raise OSError(error, "injected")

    monkeypatch.setattr(store, "read", refuse)
    entry = machine.mm.table_memory.entries[machine.mm.system_ptes.word(stack.limit)]
    number, slot = machine.mm.table_memory.format.page_file_place(entry)
    with pytest.raises(Bugcheck) as caught:
        machine.mm.stack_swapping.bring_back(stack, THREAD)
    assert caught.value.parameters == (Status.IN_PAGE_ERROR, io_status, number, slot * PAGE)
    assert "0x00000077" in str(caught.value)
