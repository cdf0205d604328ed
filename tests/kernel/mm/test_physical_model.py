"""Do windows, large pages and paged memory of several processes hold what was written, in whatever order?"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ntmm.nt.memory import MEM_COMMIT, MEM_LARGE_PAGES, MEM_PHYSICAL, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.status import Status
from tests.kernel.mm.machine import ARCHITECTURES, MB, PAGE, MemoryMachine, status_of_read

WINDOW_PAGES = 6
PAGED_PAGES = 64
which = st.integers(0, 1)
small = st.integers(0, 40)


class PhysicalModel(RuleBasedStateMachine):
    """`frames` holds each owned frame's first word by frame, `shown` the frame at each address of a window."""

    @initialize(architecture=st.sampled_from(ARCHITECTURES))
    def boot(self, architecture: str) -> None:
        self.machine = MemoryMachine(architecture, ram=16 * MB)
        self.mm = self.machine.mm
        self.machine.add_paging_file(16 * MB)
        self.processes = [self.machine.new_process() for _ in range(2)]
        self.frames: list[dict[int, int]] = [{}, {}]
        self.shown: list[dict[int, int]] = [{}, {}]
        self.windows = [
            [self.machine.allocate(process, WINDOW_PAGES * PAGE, MEM_RESERVE | MEM_PHYSICAL) for _ in range(2)]
            for process in self.processes
        ]
        self.large: list[dict[int, dict[int, int]]] = [{}, {}]
        self.paged = [self.machine.allocate(process, PAGED_PAGES * PAGE) for process in self.processes]
        self.words: list[dict[int, int]] = [{}, {}]

    def _memory(self, process: int) -> Any:
        return self.processes[process].space.memory

    @rule(process=which, count=small)
    def own(self, process: int, count: int) -> None:
        found = self.mm.allocate_physical_pages(self.processes[process], count)
        taken = found.frames.tolist()
        assert found.status is (Status.SUCCESS if count else Status.INSUFFICIENT_RESOURCES)
        assert len(set(taken)) == count and not any(frame in held for frame in taken for held in self.frames)
        self.frames[process].update(dict.fromkeys(taken, 0))

    @rule(process=which, start=small, count=small)
    def give_back(self, process: int, start: int, count: int) -> None:
        chosen = list(self.frames[process])[start : start + count]
        assert self.mm.free_physical_pages(self.processes[process], chosen) == (Status.SUCCESS, len(chosen))
        for frame in chosen:
            del self.frames[process][frame]
        self.shown[process] = {at: frame for at, frame in self.shown[process].items() if frame not in chosen}

    @rule(process=which, window=which, start=small, count=st.integers(1, WINDOW_PAGES), hide=st.booleans())
    def show(self, process: int, window: int, start: int, count: int, hide: bool) -> None:
        base = self.windows[process][window]
        chosen = list(self.frames[process])[start : start + count]
        addresses = [base + page * PAGE for page in range(count if hide else len(chosen))]
        elsewhere = {frame for at, frame in self.shown[process].items() if at not in addresses}
        status = self.mm.map_physical_pages(self.processes[process], addresses, None if hide else chosen)
        if not hide and elsewhere & set(chosen):
            assert status is Status.CONFLICTING_ADDRESSES
            return
        assert status is Status.SUCCESS
        for address in addresses:
            self.shown[process].pop(address, None)
        if not hide:
            self.shown[process].update(zip(addresses, chosen, strict=True))

    @rule(process=which, page=small, value=st.integers(1, 1 << 30))
    def write_window(self, process: int, page: int, value: int) -> None:
        base = self.windows[process][page % 2]
        address = base + page // 2 % WINDOW_PAGES * PAGE
        if address not in self.shown[process]:
            assert status_of_read(self.processes[process], address) == Status.ACCESS_VIOLATION
            return
        self._memory(process).write_u32(address, value)
        self.frames[process][self.shown[process][address]] = value

    @rule(process=which, page=small, value=st.integers(1, 1 << 30))
    def write_paged(self, process: int, page: int, value: int) -> None:
        address = self.paged[process] + page % PAGED_PAGES * PAGE
        self._memory(process).write_u32(address, value)
        self.words[process][address] = value

    @rule(process=which)
    def make_large(self, process: int) -> None:
        size = self.machine.architecture.large_page_size
        kind = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES
        status, base, _ = self.mm.allocate(self.processes[process], 0, size, kind, PAGE_READWRITE)
        assert status in (Status.SUCCESS, Status.INSUFFICIENT_RESOURCES)
        if status is Status.SUCCESS:
            self.large[process][base] = {}

    @rule(process=which, where=small, value=st.integers(1, 1 << 30))
    def write_large(self, process: int, where: int, value: int) -> None:
        for base, words in list(self.large[process].items())[:1]:
            self._memory(process).write_u32(base + where * 37 * PAGE, value)
            words[where * 37 * PAGE] = value

    @rule(process=which)
    def free_large(self, process: int) -> None:
        for base in list(self.large[process])[:1]:
            assert self.mm.free(self.processes[process], base, 0, MEM_RELEASE).status is Status.SUCCESS
            del self.large[process][base]

    @rule(process=which)
    def page_out(self, process: int) -> None:
        self.machine.page_out(self.processes[process])

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "machine"):
            return
        for process in range(2):
            memory = self._memory(process)
            for address, frame in self.shown[process].items():
                assert memory.read_u32(address) == self.frames[process][frame]
            for base, words in self.large[process].items():
                assert all(memory.read_u32(base + at) == value for at, value in words.items())
            assert all(memory.read_u32(at) == value for at, value in self.words[process].items())
        self.machine.check()

    def teardown(self) -> None:
        if hasattr(self, "machine"):
            for process in self.processes:
                self.machine.end(process)
            self.machine.check()


TestPhysicalModel = PhysicalModel.TestCase
TestPhysicalModel.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
