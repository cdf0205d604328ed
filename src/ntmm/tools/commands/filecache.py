"""The system cache: !filecache."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import CachedFile, cached_files, statistics
from ntmm.tools.rows import Form, Row, column


@dataclass(frozen=True, slots=True)
class FileCacheRow(Row):
    """One figure of the system cache."""

    name: str = column("", Form.TEXT, "what is counted")
    value: int = column("count", Form.COUNT, "how many")


@dataclass(frozen=True, slots=True)
class CachedFileRow(Row):
    """RAM that the data of one file holds, in kilobytes."""

    control: int = column("Control", Form.HEX, "number of the control area")
    views: int = column("Views", Form.COUNT, "256 KB views of the file in the cache")
    cached: int = column("Cached", Form.COUNT, "valid in the cache, Kb")
    valid: int = column("Valid", Form.COUNT, "mapped by valid PTEs of any kind, Kb")
    standby: int = column("Standby", Form.COUNT, "on the standby list, Kb")
    dirty: int = column("Dirty", Form.COUNT, "changed and not written yet, Kb")
    shared: int = column("Shared", Form.COUNT, "mapped by more than one PTE, Kb")
    locked: int = column("Locked", Form.COUNT, "referenced for I/O or locked, Kb")
    name: str = column("Name", Form.TEXT, "the file")


def _file_cache(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("!filecache", arguments)
    kernel = debugger.kernel
    files = cached_files(kernel)
    for name, value in (*_figures(kernel), *_file_data(kernel, files)):
        yield FileCacheRow(name, value)
    kilobytes = kernel.architecture.page_size // 1024
    for file in files:
        pages = (file.cached, file.valid, file.standby, file.dirty, file.shared, file.locked)
        cached, valid, standby, dirty, shared, locked = (count * kilobytes for count in pages)
        yield CachedFileRow(file.index, file.views, cached, valid, standby, dirty, shared, locked, file.name)


def _figures(kernel: Kernel) -> Iterator[tuple[str, int]]:
    cache = statistics(kernel).cache
    kilobytes = kernel.architecture.page_size // 1024
    yield "Address space, Kb", cache.size // 1024
    yield "Views mapped", cache.views
    yield "Current size, Kb", cache.cached * kilobytes
    yield "Peak size of the system working set, Kb", cache.peak * kilobytes
    yield "Faults", cache.faults
    yield "Read hits", cache.read_hits
    yield "Read misses", cache.read_misses
    yield "Pages read ahead", cache.read_ahead_pages
    yield "Dirty pages", cache.dirty
    yield "Lazy writes", cache.lazy_writes
    yield "Pages written lazily", cache.lazy_write_pages


def _file_data(kernel: Kernel, files: Sequence[CachedFile]) -> Iterator[tuple[str, int]]:
    """Where file data lies: the cache's addresses bound its working set only, the rest stays in RAM too."""
    kilobytes = kernel.architecture.page_size // 1024
    yield "File data in the system working set, Kb", sum(file.cached for file in files) * kilobytes
    yield "File data on the standby list, Kb", sum(file.standby for file in files) * kilobytes
    yield "File data in other working sets, Kb", sum(file.valid - file.cached for file in files) * kilobytes


COMMANDS: Final = (
    Command(
        "!filecache",
        "",
        "the system cache: its figures, and the RAM that each file's data holds",
        _file_cache,
        (FileCacheRow, CachedFileRow),
    ),
)
