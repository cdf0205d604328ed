"""/NOLOWMEM: which frames below 4 GB does a machine use that was told to do without them?"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.profile import SystemProfile

MB = 1 << 20
GB = 1 << 30
PAGE = 0x1000
FOUR_GB = 4 * GB // PAGE


@contextmanager
def booted(folder: Path, switches: str, ram: int = 6 * GB) -> Iterator[Kernel]:
    volume = Volume(folder)
    boot = parse_boot_options(switches)
    kernel = Kernel(SystemProfile("pae", ram, windows="2003-sp1", boot=boot, paging_files=()), volume)
    try:
        yield kernel
        assert audit(kernel.mm) == []
    finally:
        kernel.close()
        volume.close()


def low_uses(kernel: Kernel) -> Counter[PageUse]:
    pfn = kernel.mm.pfn
    used = (frame for frame in range(FOUR_GB) if pfn.state[frame] == PageState.ACTIVE)
    return Counter(PageUse(pfn.use[frame]) for frame in used)


@pytest.mark.parametrize("switches", ["/NOLOWMEM", "/NOLOWMEM /3GB"])
def test_lies_everything_above_4_gb_that_can(switches: str, tmp_path: Path) -> None:
    with booted(tmp_path, switches) as kernel:
        assert low_uses(kernel) == {PageUse.FIRMWARE: 0x30, PageUse.KERNEL: 3, PageUse.PAGE_TABLE: 1}
        process = kernel.ps.create_process("a.exe")
        assert process is not None
        assert process.space.tables.root < FOUR_GB
        assert low_uses(kernel)[PageUse.PAGE_TABLE] == 2  # CR3 has 32 bits
        base = kernel.mm.allocate(process, 0, MB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE).base
        process.space.memory.write(base, b"x" * MB)
        index = process.space.tables.find(base)
        assert kernel.mm.table_memory.format.frame(kernel.mm.table_memory.entries[index]) >= FOUR_GB
        assert low_uses(kernel).total() == 0x30 + 3 + 2
        root = process.space.tables.root
        kernel.ps.abandon_process(process)
        again = kernel.ps.create_process("b.exe")
        assert again is not None and again.space.tables.root == root


def test_how_much_ram_is_told_of(tmp_path: Path) -> None:
    with booted(tmp_path, "/NOLOWMEM") as kernel:
        total = kernel.mm.statistics().total_pages
        assert total == 2 * GB // PAGE + 0x30 + 4
        assert kernel.mm.pfn.available < 2 * GB // PAGE


def test_keeps_a_machine_above_4_gb_low_frames_for_its_processes(tmp_path: Path) -> None:
    """Otherwise the root of a process that is created late would lie where CR3 does not reach."""
    with booted(tmp_path, "") as kernel:
        first = kernel.ps.create_process("a.exe")
        assert first is not None
        count = (4 * GB + 64 * MB) // PAGE
        assert len(kernel.mm.allocate_physical_pages(first, count).frames) == count
        late = kernel.ps.create_process("late.exe")
        assert late is not None and late.space.tables.root < FOUR_GB
        assert kernel.mm.pfn.high_water > FOUR_GB


def test_refuses_a_machine_a_process_when_no_low_frame_is_left(tmp_path: Path) -> None:
    with booted(tmp_path, "") as kernel:
        taken = [kernel.mm.pfn.take_low(PageUse.PAGE_TABLE) for _ in range(kernel.mm.pfn.set_aside)]
        assert kernel.ps.create_process("none.exe") is None
        for frame in taken:
            kernel.mm.pfn.free(frame)
        assert kernel.ps.create_process("a.exe") is not None
