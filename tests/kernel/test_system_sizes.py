"""Pools and system PTEs of a profile: has the machine what was computed, shown, and asked for by the registry?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pool import Pool, PoolExhausted
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.memory import PAGE_READWRITE, SEC_RESERVE
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry
from ntmm.nt.status import Status
from tests.kernel.mm.machine import Program

MB = 1 << 20
GB = 1 << 30


@contextmanager
def machine_of(
    architecture: str, ram: int, *registry: str, switches: str = "", windows: str = "auto"
) -> Iterator[MemoryMachine]:
    boot, values = parse_boot_options(switches), parse_registry(registry)
    machine = MemoryMachine(SystemProfile(architecture, ram, windows=windows, boot=boot, registry=values))
    try:
        yield machine
        assert audit(machine.mm) == []
    finally:
        machine.close()


def fill(pool: Pool, size: int) -> list[int]:
    """Allocates until nothing fits."""
    blocks: list[int] = []
    while True:
        try:
            blocks.append(pool.allocate(size, "Fill"))
        except PoolExhausted:
            return blocks


@pytest.mark.parametrize(
    ("architecture", "ram", "windows", "switches", "paged", "nonpaged"),
    [
        ("x86", 64 * MB, "xp", "", 52 * MB, MB + 16384 * 0x18 + 60 * 400 * 1024),
        ("x86", 64 * MB, "2000", "", 52 * MB, MB + 16384 * 0x18 + 60 * 400 * 1024),
        ("x86", 4 * MB, "nt4", "", 32 * MB, MB + 1024 * 0x18),
        ("x86", 2 * GB, "xp", "", 368 * MB, 0xFFBE0000 - 0xF8000000 + 68 * MB),
        ("pae", 2 * GB, "2003-sp1", "", 300 * MB, 256 * MB),
        ("pae", 2 * GB, "2003-sp1", "/3GB", (240 - 16) * MB, 128 * MB),  # the PFN database takes the rest
        ("x64", 64 * MB, "auto", "", 52 * MB, MB + 16384 * 0x30 + 60 * 400 * 1024),
        ("ia64", 64 * MB, "auto", "", 52 * MB, MB + 8192 * 0x30 + 60 * 400 * 1024),
    ],
)
def test_how_large_may_the_pools_become(
    architecture: str, ram: int, windows: str, switches: str, paged: int, nonpaged: int
) -> None:
    with machine_of(architecture, ram, switches=switches, windows=windows) as machine:
        page, system = machine.architecture.page_size, machine.mm.system
        assert system.paged_pool.maximum_pages == paged // page
        assert system.nonpaged_pool.maximum_pages == nonpaged // page


@pytest.mark.parametrize("architecture", ["x86", "pae", "x64", "ia64"])
def test_does_nonpaged_pool_end_at_its_maximum(architecture: str) -> None:
    with machine_of(architecture, 32 * MB) as machine:
        pool, page = machine.mm.system.nonpaged_pool, machine.architecture.page_size
        before = pool.used
        blocks = fill(pool, page)
        assert pool.pages == pool.maximum_pages
        assert pool.used - before == len(blocks) * page
        assert pool.maximum_pages - 16 < len(blocks) <= pool.maximum_pages
        with pytest.raises(PoolExhausted, match="NONPAGED_POOL has its maximum"):
            pool.allocate(page, "More")
        pool.free(blocks.pop())
        blocks.append(pool.allocate(page, "Fill"))
        for block in blocks:
            pool.free(block)
        assert pool.used == before


def test_does_the_registry_size_the_pools_that_the_kernel_has() -> None:
    with machine_of("pae", 128 * MB, "NonPagedPoolSize=12582912", "PagedPoolSize=8388608") as machine:
        pool = machine.mm.system.nonpaged_pool
        assert pool.maximum_pages * 4096 == 0xFFBE0000 - (0xFFBE0000 - 12 * MB & -4 * MB)
        fill(pool, 4096)
        assert pool.pages == pool.maximum_pages
        assert machine.mm.system.paged_pool.maximum_pages * 4096 == 8 * MB


def test_what_answers_a_service_when_paged_pool_is_full() -> None:
    with machine_of("pae", 64 * MB, "PagedPoolSize=8388608") as machine:
        mm, sections = machine.mm, []
        while True:  # each needs 1 MB of prototype PTEs
            status, section = mm.create_section(None, 512 * MB, PAGE_READWRITE, SEC_RESERVE)
            if section is None:
                break
            section.reference()
            sections.append(section)
        assert status is Status.INSUFFICIENT_RESOURCES
        assert len(sections) == 7
        assert mm.system.paged_pool.pages <= mm.system.paged_pool.maximum_pages
        sections.pop().dereference()
        status, section = mm.create_section(None, 512 * MB, PAGE_READWRITE, SEC_RESERVE)
        assert section is not None
        section.reference()
        for each in (*sections, section):
            each.dereference()


@pytest.mark.parametrize(("wanted", "entries"), [("1", 1024), ("7000", 7168), ("0xFFFFFFFF", 32768)])
def test_do_system_ptes_end_where_the_registry_says(wanted: str, entries: int) -> None:
    with machine_of("x86", 64 * MB, f"SystemPages={wanted}") as machine:
        ptes = machine.mm.system_ptes
        assert ptes.total == entries
        runs = []
        while (run := ptes.reserve(256)) is not None:
            runs.append(run)
        assert len(runs) == entries // 256
        assert ptes.free == 0 and machine.mm.kernel_stacks.create() is None
        for run in runs:
            ptes.release(run, 256)
        stack = machine.mm.kernel_stacks.create()
        assert stack is not None
        machine.mm.kernel_stacks.delete(stack)


@pytest.mark.parametrize(("percent", "kept"), [(0, 3), (30, 0)])
def test_does_poolusagemaximum_say_when_unused_sections_go(percent: int, kept: int, tmp_path: Path) -> None:
    """Three files that nobody uses hold prototype PTEs, while other blocks fill half of paged pool."""
    volume = Volume(tmp_path)
    registry = parse_registry(["PagedPoolSize=8388608", f"PoolUsageMaximum={percent}"])
    kernel = Kernel(SystemProfile("x86", registry=registry), volume)
    try:
        pool, sections = kernel.mm.system.paged_pool, kernel.mm.sections
        assert pool.usage_bound == pool.maximum_pages * 4096 * (percent or 80) // 100
        for number in range(3):
            sections.release(sections.data_file(_Backing(f"file{number}"), f"file{number}"))
        assert sections.unused == 3
        blocks: list[int] = []

        def allocate() -> None:
            blocks.append(pool.allocate(4 * MB, "Much"))
            kernel.scheduler.wait(program, (), timeout_100ns=10_000_000)

        program = Program(1000, allocate)
        kernel.scheduler.start(program)
        kernel.scheduler.run(lambda: False)  # the dereference segment thread too, if it was called
        assert pool.is_much_used == (kept == 0)
        assert sections.unused == kept
        pool.free(blocks[0])
    finally:
        kernel.close()
        volume.close()


class _Backing:
    """A file that is empty."""

    size = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, offset: int, size: int) -> bytes:
        return bytes(size)

    def write(self, offset: int, data: bytes) -> None:
        """Nothing is kept."""

    def set_size(self, size: int) -> None:
        """It stays empty."""

    def close(self) -> None:
        """Nothing is open."""
