"""A machine's memory with a drive and the cache manager, without a CPU."""

from pathlib import Path

from ntmm.kernel.cc import CacheManager
from ntmm.kernel.io.constants import FILE_GENERIC_READ, FILE_GENERIC_WRITE, Disposition
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.paths import nt_path
from ntmm.kernel.io.volume import OpenRequest, Volume
from ntmm.kernel.mm.pageout import SystemThread
from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.nt.status import Status
from tests.kernel.mm.machine import MB, FakeProcess, MemoryMachine

READ_WRITE = FILE_GENERIC_READ | FILE_GENERIC_WRITE


class CachedMachine(MemoryMachine):
    """`folder` on the host is C:."""

    def __init__(self, name: str, folder: Path, ram: int = 8 * MB, replacement: str = "ageing") -> None:
        super().__init__(name, ram, replacement)
        self.folder = folder
        self.is_closed = False
        self.volume = Volume(folder)
        self.volume.use_clock(self.clock.now_100ns)
        self.cc = CacheManager(self.mm, self.scheduler)
        self.volume.cache = self.cc

    def open(
        self,
        path: str,
        access: int = READ_WRITE,
        disposition: Disposition = Disposition.OPEN_IF,
        options: int = 0,
        attributes: int = 0,
    ) -> FileObject:
        """A file of the drive, by its path below C:\\."""
        request = OpenRequest(access, 7, disposition, options, attributes)
        file = self.volume.open(nt_path(path, "C:\\"), request).file
        assert isinstance(file, FileObject)
        return file

    def host(self, path: str) -> bytes:
        """What the host's file holds."""
        return (self.folder / path).read_bytes()

    def section(self, file: FileObject, protection: int = PAGE_READWRITE, size: int = 0) -> Section:
        status, section = self.mm.create_section(file, size, protection, SEC_COMMIT)
        assert status is Status.SUCCESS and section is not None
        section.reference()
        return section

    def map(self, process: FakeProcess, file: FileObject, size: int = 0, protection: int = PAGE_READWRITE) -> int:
        """The base of a view of a file from its beginning; the section lives as long as the view."""
        section = self.section(file, size=size)
        view = self.mm.map_view(process, section, page_protection=protection)
        assert view.status is Status.SUCCESS
        section.dereference()
        return view.base

    def start_system_threads(self) -> None:
        super().start_system_threads()
        for plan in self.cc.plans():
            self._next_thread += 4
            self.scheduler.start(SystemThread(self._next_thread, plan))

    def resident(self, file: FileObject) -> int:
        """Pages of a file that are in RAM."""
        area, memory = self.mm.data_of(file.block).area, self.mm.table_memory
        count = 0
        for page in area.pages():
            index = self.mm.system.tables.find_word(area.prototype_of(page))
            pte = memory.entries[index] if index >= 0 else 0
            count += bool(pte & 1 or memory.format.is_transition(pte))
        return count

    def forget_everything(self) -> None:
        """Writes what is dirty, and gives every page that can go another owner."""
        self.mm.pageout.working_sets.empty(self.mm._system_owner)
        self.mm.mapped_writer.write_queued()
        self.drop_standby()

    def close(self) -> None:
        """Writes everything back and gives the drive back, once."""
        if self.is_closed:
            return
        self.is_closed = True
        self.check()
        assert self.mm.shut_down()
        self.volume.close()
