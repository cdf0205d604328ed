"""Is RAM beyond the cache's address space a file cache all the same, and does the debugger show it?

The picture of the lecture: on a machine with PAE the system working set holds as much file data as the cache has
addresses for, and the standby list the rest. With /3GB the cache has 64 MB, so that a small file shows it.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.constants import FILE_GENERIC_READ
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.volume import OpenRequest, Volume
from ntmm.kernel.mm.audit import audit
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry
from ntmm.tools.commands.filecache import COMMANDS, FileCacheRow

MB = 1 << 20
GB = 1 << 30
FILE = 160 * MB
ADDRESS_SPACE = 64 * MB


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A drive with a file that is sparse but for a mark in each megabyte."""
    with (tmp_path / "big").open("wb") as file:
        file.truncate(FILE)
        for start in range(0, FILE, MB):
            file.seek(start)
            file.write(start.to_bytes(8, "little"))
    volume = Volume(tmp_path)
    yield volume
    volume.close()


def boot(volume: Volume, ram: int) -> Kernel:
    switches = parse_boot_options("/3GB /PAE")
    return Kernel(SystemProfile("pae", ram, windows="2003", edition="enterprise", boot=switches), volume)


def read_all(kernel: Kernel, file: FileObject) -> int:
    """Reads the file from its beginning to its end; answers how many reads had to wait for the disk."""
    before = kernel.mm.statistics().cache.read_misses
    for start in range(0, FILE, MB):
        assert file.read(start, MB)[:9] == start.to_bytes(8, "little") + b"\0"
    kernel.scheduler.pass_time_until(lambda: kernel.mm.pfn.in_transition == 0)
    return kernel.mm.statistics().cache.read_misses - before


def opened(volume: Volume) -> FileObject:
    return cast(FileObject, volume.open("\\??\\C:\\big", OpenRequest(FILE_GENERIC_READ)).file)


def shown(kernel: Kernel) -> dict[str, int]:
    """What !filecache tells, in kilobytes or counts."""
    rows = COMMANDS[0].run(cast(Any, SimpleNamespace(kernel=kernel)), "")
    return {row.name: row.value for row in rows if isinstance(row, FileCacheRow)}


def test_is_a_file_found_again_that_is_larger_than_the_cache(volume: Volume, tmp_path: Path) -> None:
    kernel = boot(volume, 8 * GB)
    file = opened(volume)
    assert kernel.mm.statistics().cache.size == ADDRESS_SPACE
    assert read_all(kernel, file) > 0
    figures = shown(kernel)
    assert figures["Address space, Kb"] == ADDRESS_SPACE >> 10
    assert figures["File data in the system working set, Kb"] == ADDRESS_SPACE >> 10
    assert figures["File data on the standby list, Kb"] == FILE - ADDRESS_SPACE >> 10
    assert figures["File data in other working sets, Kb"] == 0
    reads = kernel.mm.statistics().read_ios
    with (tmp_path / "big").open("r+b") as behind:  # nobody looks there any more
        behind.truncate(0)
        behind.truncate(FILE)
    assert read_all(kernel, file) == 0
    assert kernel.mm.statistics().read_ios == reads
    assert audit(kernel.mm) == []
    file.close()
    kernel.close()


def test_is_it_read_again_where_ram_is_short(volume: Volume) -> None:
    """The same file on a machine that has no room for it."""
    kernel = boot(volume, 128 * MB)
    file = opened(volume)
    assert read_all(kernel, file) > 0
    figures = shown(kernel)
    in_ram = figures["File data in the system working set, Kb"] + figures["File data on the standby list, Kb"]
    assert in_ram < 128 << 10
    assert read_all(kernel, file) > 0
    file.close()
    kernel.close()


@pytest.mark.parametrize(
    ("windows", "edition", "megabytes"), [("2000", "advanced-server", 960), ("2003", "enterprise", 860)]
)
def test_has_the_cache_the_address_space_that_the_release_gives_it(
    windows: str, edition: str, megabytes: int, tmp_path: Path
) -> None:
    registry = parse_registry(["LargeSystemCache=1"])
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile("pae", 8 * GB, windows=windows, edition=edition, registry=registry), volume)
    assert kernel.mm.statistics().cache.size == megabytes * MB
    kernel.close()
    volume.close()
