"""Processes that come from others: what they inherit, and when their memory may go."""

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.thread import ThreadState
from ntmm.kernel.ob import Event, HandleTable
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.se import PRIVILEGES
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_RESERVE,
    PAGE_EXECUTE_READWRITE,
    PAGE_READWRITE,
    SEC_COMMIT,
    VIEW_SHARE,
    VIEW_UNMAP,
)

PAGE = 0x1000


def new_process(kernel: Kernel, parent: Process | None = None, inherit: bool = False) -> Process:
    process = kernel.ps.create_process("test.exe", parent, inherit)
    assert process is not None
    return process


def new_thread(kernel: Kernel, process: Process, code: str = "ebfe") -> Thread:
    """A started thread that runs machine code, `jmp $` unless told otherwise."""
    _, start, _ = kernel.mm.allocate(process, 0, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE)
    process.memory.write(start, bytes.fromhex(code))
    created = kernel.ps.create_thread(process, 0x100000, PAGE, start)
    assert created is not None
    kernel.ps.start(created[0])
    return created[0]


def new_event(kernel: Kernel) -> Event:
    return Event(kernel.scheduler, manual_reset=True, signalled=False)


def test_does_a_child_inherit_the_handles_that_say_so(kernel: Kernel) -> None:
    parent = new_process(kernel)
    events = [new_event(kernel) for _ in range(4)]
    handles = [parent.handles.insert(event, 0x1F0003, inherit=number % 2 == 1) for number, event in enumerate(events)]
    child = new_process(kernel, parent, inherit=True)
    assert child.parent_id == parent.id
    assert [handle for handle, _ in child.handles.items()] == [handles[1], handles[3]]
    assert child.handles.lookup(handles[3], Event) is events[3]
    assert [event.handle_count for event in events] == [1, 2, 1, 2]
    assert child.handles.insert(events[0]) == handles[0]  # values that were left out are free
    assert len(new_process(kernel, parent).handles) == 0


def test_has_a_child_the_privileges_of_its_parent_and_its_own_switches(kernel: Kernel) -> None:
    parent, privilege = new_process(kernel), PRIVILEGES["SeLockMemoryPrivilege"]
    parent.token.grant(privilege)
    parent.token.set_enabled(privilege, enabled=True)
    child = new_process(kernel, parent)
    assert child.token.is_enabled(privilege)
    child.token.set_enabled(privilege, enabled=False)
    assert parent.token.is_enabled(privilege)


def test_are_inherited_handles_inheritable_again() -> None:
    table = HandleTable()
    event = object.__new__(Event)
    event.handle_count = 0
    handle = table.insert(event, 3)
    table.set_flags(handle, inherit=True, protect=False)
    assert [entry.inherit for _, entry in table.inherited().inherited().items()] == [True]
    table.set_flags(handle, inherit=False, protect=False)
    assert len(table.inherited()) == 0


def test_does_a_child_see_the_views_that_are_shared(kernel: Kernel) -> None:
    parent = new_process(kernel)
    status, section = kernel.mm.create_section(None, 2 * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert section is not None, status
    section.reference()
    shared = kernel.mm.map_view(parent, section, inherit=VIEW_SHARE).base
    kept = kernel.mm.map_view(parent, section, inherit=VIEW_UNMAP).base
    child = new_process(kernel, parent)
    parent.memory.write(kept, b"from the parent")
    assert child.memory.read(shared, 15) == b"from the parent"
    assert [vad.start_vpn * PAGE for vad in child.space.vads if vad.is_view] == [shared]
    section.dereference()


def test_is_a_process_told_of_when_it_begins_to_be_unused(kernel: Kernel) -> None:
    told: list[tuple[int, bool]] = []
    kernel.ps.process_changed = lambda process: told.append((process.id, process.is_unused))
    parent = new_process(kernel)
    child = new_process(kernel, parent)
    handle = parent.handles.insert(child)
    child.reference()
    new_thread(kernel, child)
    kernel.ps.exit_process(child, 5)
    kernel.scheduler.run(lambda: False)
    assert told == [(child.id, False)] * 2  # its end, and that of its thread's last steps in the kernel
    parent.handles.close(handle)
    assert len(told) == 2
    child.dereference()
    assert told[2:] == [(child.id, True)]


def test_is_a_process_signalled_when_its_threads_have_left(kernel: Kernel) -> None:
    victim, killer = new_process(kernel), new_process(kernel)
    threads = [new_thread(kernel, victim) for _ in range(2)]
    seen: list[bool] = []

    def end(thread: Thread, vector: int) -> None:
        kernel.ps.exit_process(victim, 9)
        seen.append(victim.is_signalled(thread))
        kernel.scheduler.wait(thread, (victim,))
        seen.append(all(each.state is ThreadState.TERMINATED for each in threads))
        kernel.ps.exit_thread(thread, 0)

    kernel.traps.exception = end
    new_thread(kernel, killer, "cc")
    kernel.scheduler.run(lambda: False)
    assert (seen, killer.ended) == ([False, True], True)


def test_what_is_left_for_who_has_a_handle_to_a_process_that_has_ended(kernel: Kernel) -> None:
    first, parent, last = (new_process(kernel) for _ in range(3))
    child = new_process(kernel, parent)
    handle = parent.handles.insert(child)
    kernel.ps.exit_process(first, 0)
    kernel.ps.exit_process(child, 5)
    assert child.may_return_memory
    assert not child.is_unused
    kernel.ps.delete_process(child)
    assert (child.space.deleted, child.may_return_memory) == (True, False)
    assert kernel.ps.find(child.id) is child
    assert kernel.ps.processes == [first, parent, last, child]
    assert child.exit_status == 5
    parent.handles.close(handle)
    assert kernel.ps.find(child.id) is None


def test_does_memory_wait_for_who_works_in_it(kernel: Kernel) -> None:
    told: list[bool] = []
    parent = new_process(kernel)
    child = new_process(kernel, parent)
    parent.handles.insert(child)
    child.reference()
    kernel.ps.exit_process(child, 5)
    assert not child.may_return_memory
    kernel.ps.process_changed = lambda process: told.append(process.may_return_memory)
    child.dereference()
    assert told == [True]


def test_does_a_thread_of_another_process_end_all_threads(kernel: Kernel) -> None:
    victim, killer = new_process(kernel), new_process(kernel)
    threads = [new_thread(kernel, victim) for _ in range(3)]
    threads[1].suspend_count = 1

    def end(thread: Thread, vector: int) -> None:
        kernel.ps.exit_process(victim, 9)
        kernel.ps.exit_thread(thread, 0)

    kernel.traps.exception = end
    new_thread(kernel, killer, "cc")
    kernel.scheduler.run(lambda: False)
    assert [(thread.exit_status, thread.state) for thread in threads] == [(9, ThreadState.TERMINATED)] * 3
    assert (victim.ended, victim.exit_status, killer.exit_status) == (True, 9, 0)


def test_is_a_process_found_only_once_it_is_loaded(kernel: Kernel) -> None:
    process = new_process(kernel)
    process.is_being_loaded = True
    thread = new_thread(kernel, process)
    assert (kernel.ps.find(process.id), kernel.ps.find_thread(thread.id)) == (None, None)
    process.is_being_loaded = False
    assert (kernel.ps.find(process.id), kernel.ps.find_thread(thread.id)) == (process, thread)
    kernel.ps.exit_thread(thread, 0)
    assert (kernel.ps.find(process.id), kernel.ps.find_thread(thread.id)) == (process, None)
    kernel.scheduler.run(lambda: False)


def test_does_nothing_stay_of_a_process_that_could_not_be_loaded(kernel: Kernel) -> None:
    kernel.ps.abandon_process(new_process(kernel))  # what system space grows by is grown now
    available, committed = kernel.mm.pfn.available, kernel.mm.ledger.committed
    process = new_process(kernel)
    event = new_event(kernel)
    process.handles.insert(event)
    created = kernel.ps.create_thread(process, 0x100000, PAGE, 0)
    assert created is not None
    kernel.ps.abandon_process(process)
    assert (event.handle_count, kernel.ps.processes) == (0, [])
    assert (kernel.mm.pfn.available, kernel.mm.ledger.committed) == (available, committed)
