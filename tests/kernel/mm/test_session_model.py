"""Three sessions do what they like on a machine with little RAM: does each process see what its own session wrote?

Processes come and go, blocks and views too, pages go to the paging file; dicts of bytes say what must be read, and the
audit looks at all books.
"""

import random
from dataclasses import dataclass, field

import pytest

from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.session import SessionSpace
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, FakeProcess, MemoryMachine

SESSIONS = 3


@dataclass
class Known:
    """What one session must hold: processes, blocks of pool by address, views of the common section."""

    processes: list[FakeProcess] = field(default_factory=list)
    blocks: dict[int, bytes] = field(default_factory=dict)
    views: list[int] = field(default_factory=list)


class Model:
    def __init__(self, name: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.machine = MemoryMachine(name, 4 * MB)
        self.machine.add_paging_file(16 * MB)
        self.mm = self.machine.mm
        self.page = self.machine.architecture.page_size
        self.known = [Known() for _ in range(SESSIONS)]
        status, section = self.mm.create_section(None, 5 * self.page, PAGE_READWRITE, SEC_COMMIT)
        assert section is not None and status is Status.SUCCESS
        section.reference()
        self.section: Section = section
        self.common = bytearray(5 * self.page)

    def step(self) -> None:
        number = self.chance.randrange(SESSIONS)
        known = self.known[number]
        if not known.processes or self.chance.random() < 0.15:
            self.begin(number)
            return
        actions = (self.end, self.allocate, self.allocate, self.free, self.write, self.write, self.view, self.show)
        self.chance.choice((*actions, self.lose, self.swap, self.read))(known)

    def begin(self, number: int) -> None:
        process = self.machine.new_process()
        assert self.mm.join_session(process.space, number) is Status.SUCCESS
        self.known[number].processes.append(process)

    def end(self, known: Known) -> None:
        process = known.processes.pop(self.chance.randrange(len(known.processes)))
        if process.space.is_swapped_out:
            self.mm.in_swap(process.space)
        self.machine.end(process)
        if not known.processes:
            known.blocks.clear()
            known.views.clear()

    def some(self, known: Known) -> FakeProcess:
        return self.chance.choice(known.processes)

    def allocate(self, known: Known) -> None:
        size = self.chance.choice((8, 100, self.page, 3 * self.page + 8))
        status, address = self.mm.allocate_session_pool(self.some(known), size, "Test")
        assert status is Status.SUCCESS
        known.blocks[address] = bytes(size)

    def free(self, known: Known) -> None:
        if known.blocks:
            address = self.chance.choice(sorted(known.blocks))
            del known.blocks[address]
            self.mm.free_session_pool(self.some(known), address)

    def write(self, known: Known) -> None:
        if known.blocks:
            address = self.chance.choice(sorted(known.blocks))
            known.blocks[address] = self.chance.randbytes(len(known.blocks[address]))
            self.mm.write_session(self.some(known), address, known.blocks[address])

    def view(self, known: Known) -> None:
        if known.views and self.chance.random() < 0.4:
            address = known.views.pop(self.chance.randrange(len(known.views)))
            assert self.mm.unmap_view_in_session_space(self.some(known), address) is Status.SUCCESS
            return
        status, address, size = self.mm.map_view_in_session_space(self.some(known), self.section)
        assert (status, size) == (Status.SUCCESS, len(self.common))
        known.views.append(address)

    def show(self, known: Known) -> None:
        if known.views:
            offset = self.chance.randrange(len(self.common) - 16)
            self.common[offset : offset + 16] = self.chance.randbytes(16)
            self.mm.write_session(
                self.some(known), self.chance.choice(known.views) + offset, bytes(self.common[offset : offset + 16])
            )

    def session(self, known: Known) -> SessionSpace:
        session = known.processes[0].space.session
        assert session is not None
        return session

    def lose(self, known: Known) -> None:
        """The working set of the session is emptied; perhaps its pages leave RAM."""
        working_set = self.session(known).working_set
        owner = next(owner for owner in self.mm._working_set_owners() if owner.working_set is working_set)
        self.mm.pageout.working_sets.empty(owner)
        if self.chance.random() < 0.7:
            self.machine.write_out()
            self.machine.drop_standby()

    def swap(self, known: Known) -> None:
        process = self.some(known)
        if process.space.is_swapped_out:
            self.mm.in_swap(process.space)
        else:
            self.mm.out_swap(process.space)

    def read(self, known: Known) -> None:
        for address, contents in known.blocks.items():
            assert self.mm.read_session(self.some(known), address, len(contents)) == contents
        for address in known.views:
            assert self.mm.read_session(self.some(known), address, len(self.common)) == self.common


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["x86", "pae", "x64", "ia64"])
def test_does_each_session_see_its_own(name: str, seed: int) -> None:
    model = Model(name, seed)
    for number in range(120):
        model.step()
        if number % 8 == 0:
            model.machine.check()
    for known in model.known:
        if known.processes:
            model.read(known)
        while known.processes:
            model.end(known)
    assert not model.mm.sessions_by_id
    model.section.dereference()
    model.machine.check()
    assert not model.mm.spaces


@pytest.mark.parametrize("name", ["x86", "pae", "x64", "ia64"])
def test_finds_the_audit_a_spoilt_session(name: str) -> None:
    machine = MemoryMachine(name)
    process = machine.new_process()
    machine.mm.join_session(process.space, 1)
    session = process.space.session
    assert session is not None
    status, address = machine.mm.allocate_session_pool(process, 100, "Test")
    assert status is Status.SUCCESS
    machine.check()
    session.account.charge_required(1)
    assert any("session 1: it is charged" in problem for problem in audit_of(machine))
    session.account.give_back(1)
    session.members[99] = None
    assert any("session 1: it lists processes" in problem for problem in audit_of(machine))
    del session.members[99]
    machine.mm.write_session(process, machine.mm.layout.session_structure, bytes(0x60))
    assert any("session 1: its structure says session_id 0x0" in problem for problem in audit_of(machine))
    session.update()
    index = session.tables.find(address)
    pte, entries = machine.mm.table_memory.entries[index], machine.mm.table_memory.entries
    entries[index] = 0
    assert any("pool of session 1: no page at" in problem for problem in audit_of(machine))
    entries[index] = pte
    machine.check()


def test_is_a_process_that_shows_another_session_found() -> None:
    machine = MemoryMachine("x86")
    one, other = machine.new_process(), machine.new_process()
    machine.mm.join_session(one.space, 1)
    machine.mm.join_session(other.space, 2)
    machine.check()
    slot = machine.mm.layout.session_structure >> 22
    entries, shift = machine.mm.table_memory.entries, machine.mm.table_memory.entries_shift
    place, wrong = (one.space.tables.root << shift) + slot, (other.space.tables.root << shift) + slot
    right, entries[place] = entries[place], entries[wrong]
    assert any("process 8: system entry 0x2fd" in problem for problem in audit_of(machine))
    entries[place] = right
    machine.check()


def audit_of(machine: MemoryMachine) -> list[str]:

    return audit(machine.mm)
