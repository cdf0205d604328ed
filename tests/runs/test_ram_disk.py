"""Do programs use a RAM disk as any other drive, on every machine that has RAM beyond its limit?"""

from pathlib import Path

import pytest

from ntmm.nt.boot_options import BootOptions, parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.runner.errors import UserError
from ntmm.runner.machine import Machine
from ntmm.runner.options import SystemOptions, profile_for
from ntmm.trace import Trace
from tests.kernel.io.opening import EVERYTHING, opened
from tests.runs.running import run, sample

MB = 1 << 20
GB = 1 << 30


@pytest.mark.parametrize(
    ("folder", "architecture", "windows", "edition", "ram", "boot"),
    [
        ("x86", "x86", "nt4", "auto", 4 * GB + 16 * MB, ""),
        ("x86", "pae", "2000", "server", 8 * GB, ""),
        ("x86", "pae", "2003", "enterprise", 64 * GB, ""),
        ("x86", "x64", "2003-sp1", "auto", 96 * MB, "/MAXMEM=64"),
        ("x64", "x64", "2003-sp1", "standard", 20 * GB, ""),
    ],
)
def test_does_the_sample_find_everything_right(
    folder: str, architecture: str, windows: str, edition: str, ram: int, boot: str, own_folder: Path
) -> None:
    program = own_folder / "ramdisk.exe"
    program.write_bytes(sample(folder, "ramdisk").read_bytes())
    system = SystemOptions(edition, parse_boot_options(boot), ram_disk="R:")
    finished = run(program, architecture=architecture, windows=windows, ram=ram, system=system)
    assert "FAIL" not in finished.output, finished.output
    assert "all 22 checks passed" in finished.output
    assert finished.report.exit_status == 0
    assert finished.report.unexplained_faults == 0
    assert sorted(path.name for path in own_folder.iterdir()) == ["ramdisk.exe"]


def test_does_what_is_cached_reach_the_ram_beyond_the_limit(own_folder: Path) -> None:
    profile = SystemProfile("pae", 96 * MB, boot=BootOptions(max_memory=64))
    machine = Machine(profile, own_folder, None, Trace(), ram_disk="R:")
    kernel, text = machine.kernel, b"behind the cache" * 256
    file = opened(machine.volume, "R:\\file", EVERYTHING, disposition=2)
    file.write(0, text)
    assert bytes(kernel.ram.beyond[: len(text)]) == bytes(len(text)), "it is dirty in the cache"
    file.flush()
    assert bytes(kernel.ram.beyond[: len(text)]) == text
    assert kernel.mm.pfn.frames * 4096 == 64 * MB
    file.close()
    machine.close()


@pytest.mark.parametrize(
    ("windows", "ram", "boot"), [("nt4", 4 * GB, ""), ("2003", 4 * GB, ""), ("xp", 512 * MB, "/3GB /USERVA=2800")]
)
def test_is_it_refused_where_the_system_uses_all_of_the_ram(windows: str, ram: int, boot: str) -> None:
    system = SystemOptions(boot=parse_boot_options(boot), ram_disk="R:")
    with pytest.raises(UserError, match=r"a RAM disk needs RAM that the system does not use: .* --ram, .* /MAXMEM"):
        profile_for("auto", ram, windows=windows, system=system)


def test_does_the_machine_itself_refuse_it_too(own_folder: Path) -> None:
    with pytest.raises(ValueError, match="a RAM disk lies in RAM that the system does not use, and this machine"):
        Machine(SystemProfile("pae"), own_folder, None, Trace(), ram_disk="R:")
