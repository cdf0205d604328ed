"""The drive C: - a folder of the host - and how a name becomes an open file (IopParseDevice, NtfsCommonCreate).

The host's folder is `C:\\`. `C:\\Windows` with `System32` and `Temp` is a private folder that is deleted with the
volume; it is not listed in `C:\\`, so that a program that takes "everything here" takes the user's files only.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ntmm.kernel.io.caching import FileCache, ImageFiles
from ntmm.kernel.io.constants import (
    DELETE,
    FILE_APPEND_DATA,
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_READONLY,
    FILE_ATTRIBUTE_SYSTEM,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_EXECUTE,
    FILE_NON_DIRECTORY_FILE,
    FILE_READ_DATA,
    FILE_WRITE_DATA,
    MAXIMUM_ALLOWED,
    Disposition,
    OpenAction,
    map_generic_access,
)
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.directory import DirectoryEntry, with_dots
from ntmm.kernel.io.drives import DRIVE_C, Drive, ram_drive
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject, NullFile, OpenMode
from ntmm.kernel.io.information import FileInformation, Marks, attributes_of
from ntmm.kernel.io.names import fold
from ntmm.kernel.io.overlay import Whiteouts
from ntmm.kernel.io.paths import Device, Target, parse_nt_path
from ntmm.kernel.io.quota import DiskQuota, Room
from ntmm.kernel.io.ram_disk import ClusterRoom, RamTree
from ntmm.kernel.io.security import (
    FILE_ADD_FILE,
    FILE_ADD_SUBDIRECTORY,
    check_folder,
    granted_access,
    new_security,
)
from ntmm.kernel.io.sharing import may_share
from ntmm.kernel.io.store import FileStore, Place
from ntmm.kernel.io.stored import FileStatus
from ntmm.kernel.io.times import filetime_of_ns, ns_of_filetime
from ntmm.kernel.io.tree import HostTree
from ntmm.kernel.ke.clock import BOOT_TIME_100NS
from ntmm.kernel.se import SecurityDescriptor, Token
from ntmm.kernel.se.access import FILE_MAPPING
from ntmm.nt.status import Status

WINDOWS_DIRECTORY: Final = "C:\\WINDOWS"
SYSTEM_DIRECTORY: Final = "C:\\WINDOWS\\system32"
TEMPORARY_DIRECTORY: Final = "C:\\WINDOWS\\Temp"

_DATA_RIGHTS: Final = FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_EXECUTE
_PRIVATE_NAME: Final = "WINDOWS"
_REPLACING: Final = frozenset({Disposition.SUPERSEDE, Disposition.OVERWRITE, Disposition.OVERWRITE_IF})
_Key = tuple[int, tuple[str, ...]]
"""A store and a folded path in it: a file."""
_CREATING: Final = frozenset({Disposition.SUPERSEDE, Disposition.CREATE, Disposition.OPEN_IF, Disposition.OVERWRITE_IF})


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The parameters of NtCreateFile beside the name; `access` may hold generic rights."""

    access: int
    share: int = 7
    disposition: Disposition = Disposition.OPEN
    options: int = 0
    attributes: int = 0
    token: Token | None = None
    """On whose behalf; None for the system itself, which may do everything."""
    security: SecurityDescriptor | None = None
    """What a new file is to have."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open gives: the file object and what was done."""

    file: File
    action: OpenAction


class Volume:
    """The drives: C: over a host folder, with an optional overlay folder that takes all changes, and RAM disks.

    `clock` answers the machine's time as a FILETIME; with it changed files are stamped in virtual time, without
    it the host stamps them.
    """

    def __init__(
        self,
        root: Path,
        overlay: Path | None = None,
        clock: Callable[[], int] | None = None,
        disk: DiskQuota | None = None,
    ) -> None:
        """Raises OSError if a folder cannot be opened, ValueError if `overlay` holds something that is not ours."""
        self.quota = disk or DiskQuota()
        self.cache: FileCache | None = None
        """Slot: the cache manager of the machine that has this drive."""
        self.images: ImageFiles | None = None
        """Slot: the images of its files."""
        self._clock = clock
        self._files = _open_store(root, overlay, self.quota)
        self._private_files = 0
        self._private_folder = tempfile.mkdtemp(prefix="ntmm-")
        self._private = FileStore(HostTree(Path(self._private_folder)), room=self.quota)
        self._mounted = {DRIVE_C.letter: self._files}
        self._blocks: dict[_Key, FileControlBlock] = {}
        self._marks: dict[_Key, Marks] = {}
        self._indices: dict[tuple[int, int], int] = {}
        self._fill_private_folder()

    def _fill_private_folder(self) -> None:
        """C:\\WINDOWS with its folders, of the moment at which every machine boots."""
        windows = os.path.join(self._private_folder, "WINDOWS")
        folders = [os.path.join(windows, name) for name in ("system32", "Temp")]
        for folder in folders:
            os.makedirs(folder)
        booted = ns_of_filetime(BOOT_TIME_100NS)
        for folder in [*folders, windows]:
            os.utime(folder, ns=(booted, booted))

    def mount_ram_disk(self, letter: str, memory: memoryview) -> None:
        """A volume in `memory`, empty, under a drive letter such as "R:" that is free."""
        assert letter not in self._mounted
        tree = RamTree(memory)
        self._mounted[letter] = FileStore(tree, drive=ram_drive(letter), room=ClusterRoom(tree.clusters))

    @property
    def drives(self) -> dict[str, Drive]:
        """The drives by letter, sorted."""
        return {letter: self._mounted[letter].drive for letter in sorted(self._mounted)}

    def room_of(self, letter: str) -> Room:
        """The room on a drive."""
        return self._mounted[letter].room

    def new_private_file(self, name: str) -> Path:
        """The path of a file for the machine's own use, on the host's side of no program; it goes with the volume."""
        self._private_files += 1
        return Path(self._private_folder) / f"{name}-{self._private_files}"

    def use_clock(self, clock: Callable[[], int]) -> None:
        """From now on changed files are stamped with the machine's time, a FILETIME."""
        self._clock = clock

    def close(self) -> None:
        """Closes what is still open, deletes what is to be deleted, and removes the private folder."""
        for block in list(self._blocks.values()):
            for opened in list(block.opens):
                block.close_open(opened)
            if block.data is not None:  # the machine has written what was dirty
                block.let_go()
        for store in self._mounted.values():
            store.close()
        self._private.close()
        shutil.rmtree(self._private_folder, ignore_errors=True)

    # What control blocks ask for.

    def now(self) -> int | None:
        """The machine's time, or None where the host's time is to be used."""
        return None if self._clock is None else self._clock()

    def file_index(self, status: FileStatus) -> int:
        """Numbers files in the order in which they were first asked for."""
        return self._indices.setdefault((status.st_dev, status.st_ino), len(self._indices) + 1)

    def marks(self, store: FileStore, place: Place) -> Marks:
        """Attributes and times that the host has no room for."""
        return self._marks.setdefault(_key(store, place), Marks())

    def flush_image(self, block: FileControlBlock) -> bool:
        """What was mapped of a file as an image goes, for the file will change; False while it is mapped."""
        return self.images is None or block.is_directory or self.images.flush_image(block.full_name)

    def forget(self, block: FileControlBlock) -> None:
        """Drops the control block of a file that nobody has open any more."""
        del self._blocks[_key(block.store, block.place)]
        if block.delete_pending:
            self._marks.pop(_key(block.store, block.place), None)

    def _store(self, target: Target) -> FileStore:
        store, names = self._mounted[target.drive], target.components
        return self._private if store is self._files and names and fold(names[0]) == _PRIVATE_NAME else store

    # Opening.

    def open(self, nt_path: str, request: OpenRequest) -> Opened:
        """Opens or creates by NT path. Fails with the status NtCreateFile gives."""
        target = parse_nt_path(nt_path, self._mounted)
        if target.device is Device.NUL:
            return Opened(NullFile("\\Device\\Null", map_generic_access(request.access)), OpenAction.OPENED)
        return self._open_target(target, request)

    def _open_target(self, target: Target, request: OpenRequest) -> Opened:
        store = self._store(target)
        place = store.locate(target.components)
        if place.entry is None:
            return self._create(store, target, place, request)
        if request.disposition is Disposition.CREATE:
            raise IoFailure(Status.OBJECT_NAME_COLLISION)
        self._check_kind(place, target, request)
        return self._open_existing(store, target, place, request)

    def _check_kind(self, place: Place, target: Target, request: OpenRequest) -> None:
        assert place.entry is not None
        if place.is_directory:
            if request.options & FILE_NON_DIRECTORY_FILE:
                raise IoFailure(Status.FILE_IS_A_DIRECTORY)
            if request.disposition in _REPLACING:
                mistake = request.options & FILE_DIRECTORY_FILE
                raise IoFailure(Status.INVALID_PARAMETER if mistake else Status.OBJECT_NAME_COLLISION)
            return
        if request.options & FILE_DIRECTORY_FILE:
            raise IoFailure(Status.NOT_A_DIRECTORY)
        if target.directory_only:
            raise IoFailure(Status.OBJECT_NAME_INVALID)
        if not place.entry.is_file:
            raise IoFailure(Status.ACCESS_DENIED)

    def _open_existing(self, store: FileStore, target: Target, place: Place, request: OpenRequest) -> Opened:
        block = self._blocks.get(_key(store, place)) or FileControlBlock(self, store, place)
        if block.delete_pending:
            raise IoFailure(Status.DELETE_PENDING)
        replaces = request.disposition in _REPLACING
        access, asked = (
            self._granted(block, self._folder_security(store, place), request),
            FILE_MAPPING.map(request.access),
        )
        if (replaces or asked & (FILE_WRITE_DATA | FILE_APPEND_DATA)) and not self.flush_image(block):
            raise IoFailure(Status.SHARING_VIOLATION)
        if (request.options & FILE_DELETE_ON_CLOSE or access & DELETE) and self._is_link(store, target):
            if request.options & FILE_DELETE_ON_CLOSE or asked & DELETE:
                raise IoFailure(Status.ACCESS_DENIED)
            access &= ~DELETE
        if request.options & FILE_DELETE_ON_CLOSE and not self.flush_image(block):
            raise IoFailure(Status.CANNOT_DELETE)
        if not may_share(block.opens, access | (FILE_WRITE_DATA if replaces else 0), request.share):
            raise IoFailure(Status.SHARING_VIOLATION)
        self._ensure_usable(block, access, replaces)
        if replaces:
            block.set_size(0)
            block.set_attributes(request.attributes | FILE_ATTRIBUTE_ARCHIVE)
        superseded = OpenAction.SUPERSEDED if request.disposition is Disposition.SUPERSEDE else OpenAction.OVERWRITTEN
        opened = self._join(block, access & ~MAXIMUM_ALLOWED, request)
        return Opened(opened, superseded if replaces else OpenAction.OPENED)

    def _ensure_usable(self, block: FileControlBlock, access: int, replaces: bool) -> None:
        """Opens the host's file now, so that its refusal fails the open and not a later read."""
        if block.is_directory:
            return
        if access & _DATA_RIGHTS or replaces:
            block.ensure_open(writable=replaces or bool(access & (FILE_WRITE_DATA | FILE_APPEND_DATA)))

    def _own_security(self, key: _Key) -> SecurityDescriptor | None:
        marks = self._marks.get(key)
        return None if marks is None else marks.security

    def _folder_security(self, store: FileStore, place: Place) -> SecurityDescriptor | None:
        """The descriptor of the folder that holds a file, if it has one of its own."""
        return self._own_security((id(store), place.key[:-1])) if place.key else None

    def _granted(self, block: FileControlBlock, folder: SecurityDescriptor | None, request: OpenRequest) -> int:
        """The specific rights asked for; writing to a read-only file is refused (MAXIMUM_ALLOWED leaves it out).

        So is replacing a hidden or system file by one that is not (CREATE_ALWAYS with FILE_ATTRIBUTE_NORMAL).
        """
        replacing = FILE_WRITE_DATA if request.disposition in _REPLACING else 0
        own = self._own_security(_key(block.store, block.place))
        access = granted_access(own, folder, request.token, request.access)
        granted_access(own, folder, request.token, replacing)
        attributes = block.information().attributes
        if replacing and attributes & ~request.attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM):
            raise IoFailure(Status.ACCESS_DENIED)
        read_only = attributes & FILE_ATTRIBUTE_READONLY and not block.is_directory
        writing = FILE_WRITE_DATA | FILE_APPEND_DATA
        if read_only and request.access & MAXIMUM_ALLOWED:
            return access & ~writing
        if read_only and (access & writing or request.disposition in _REPLACING):
            raise IoFailure(Status.ACCESS_DENIED)
        if read_only and request.options & FILE_DELETE_ON_CLOSE:
            raise IoFailure(Status.CANNOT_DELETE)
        return access

    def _is_link(self, store: FileStore, target: Target) -> bool:
        """A symbolic link of the host may be read through, but what it leads to is not deleted or renamed by it."""
        named = store.locate(target.components, follow_last=False)
        return named.entry is not None and named.entry.is_link

    def _create(self, store: FileStore, target: Target, place: Place, request: OpenRequest) -> Opened:
        if request.disposition not in _CREATING:
            raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
        if store.locate(target.components, follow_last=False).entry is not None:
            raise IoFailure(Status.ACCESS_DENIED)  # a symbolic link to nothing
        folder, wants_directory = self._folder_security(store, place), bool(request.options & FILE_DIRECTORY_FILE)
        check_folder(folder, request.token, FILE_ADD_SUBDIRECTORY if wants_directory else FILE_ADD_FILE)
        security = new_security(request.security, folder, request.token, wants_directory)
        if wants_directory:
            store.make_directory(place)
            block = FileControlBlock(self, store, store.locate(place.path))
        elif target.directory_only:
            raise IoFailure(Status.OBJECT_NAME_INVALID)
        else:
            stored = store.create_file(place)
            block = FileControlBlock(self, store, store.locate(place.path), stored)
        self._marks.pop(_key(block.store, block.place), None)
        if security is not None:
            block.set_security(security)
        opened = self._join(block, map_generic_access(request.access), request)
        attributes = request.attributes | (0 if block.is_directory else FILE_ATTRIBUTE_ARCHIVE)
        block.set_attributes(attributes)
        return Opened(opened, OpenAction.CREATED)

    def _join(self, block: FileControlBlock, access: int, request: OpenRequest) -> FileObject:
        delete_on_close = bool(request.options & FILE_DELETE_ON_CLOSE)
        opened = FileObject(block, OpenMode(access, request.share, delete_on_close, request.options))
        block.opens.append(opened)
        self._blocks[_key(block.store, block.place)] = block
        return opened

    # Everything else that takes a name.

    def query(self, nt_path: str) -> FileInformation:
        """Attributes, times and size by NT path, without sharing conflicts (NtQueryFullAttributesFile)."""
        opened = self.open(nt_path, OpenRequest(access=0)).file
        try:
            return opened.information()
        finally:
            opened.close()

    def listing(self, folder: FileObject) -> list[DirectoryEntry]:
        """The entries of an open folder with "." and "..", which the topmost folder does not have."""
        return with_dots(self.entries(folder), folder.information(), folder.name == "\\")

    def entries(self, folder: FileObject) -> list[DirectoryEntry]:
        """The entries of an open folder, sorted by folded name, without "." and ".."."""
        store = folder.block.store
        places = [place for place in store.children(folder.block.current()) if not self._is_hidden(store, place)]
        return [DirectoryEntry(place.path[-1], self._place_information(store, place)) for place in places]

    def _is_hidden(self, store: FileStore, place: Place) -> bool:
        """A folder of the host called Windows, which the private one stands before."""
        return store is self._files and len(place.path) == 1 and place.key == (_PRIVATE_NAME,)

    def _place_information(self, store: FileStore, place: Place) -> FileInformation:
        block = self._blocks.get(_key(store, place))
        if block is not None:
            return block.information()
        assert place.entry is not None
        status = place.entry.status
        marks = self._marks.get(_key(store, place)) or Marks()
        written = filetime_of_ns(status.st_mtime_ns)
        size = 0 if place.is_directory else status.st_size
        return FileInformation(
            attributes=attributes_of(status, place.is_directory, marks),
            creation_time=written if marks.creation_time is None else marks.creation_time,
            access_time=written if marks.access_time is None else marks.access_time,
            write_time=written,
            size=size,
            allocation_size=(size + 4095) & ~4095,
            index=0,
            links=1,
            is_directory=place.is_directory,
            delete_pending=False,
        )

    def rename(self, source: FileObject, nt_path: str, replace: bool, token: Token | None = None) -> None:
        """Gives an open file another name (FileRenameInformation); needs DELETE access on `source`.

        Fails with OBJECT_NAME_COLLISION, NOT_SAME_DEVICE (between C:\\Windows and the rest), ACCESS_DENIED
        (something below the folder, or the target, is open).
        """
        source.require(DELETE)
        target = parse_nt_path(nt_path, self._mounted)
        store = source.block.store
        if target.device is not Device.DRIVE or self._store(target) is not store:
            raise IoFailure(Status.NOT_SAME_DEVICE)
        place = store.locate(target.components, follow_last=False)
        self._check_rename(source.block, place)
        wanted = FILE_ADD_SUBDIRECTORY if source.is_directory else FILE_ADD_FILE
        check_folder(self._folder_security(store, place), token, wanted)
        if place.entry is not None and place.key != source.block.place.key:
            granted_access(self._own_security(_key(store, place)), self._folder_security(store, place), token, DELETE)
            self._replace(store, place, replace)
            place = store.locate(target.components, follow_last=False)
        new_name = Place((*place.path[:-1], target.components[-1]), place.upper, place.lower, place.entry)
        store.rename(source.block.current(), new_name)
        self._moved(source.block, store.locate(new_name.path))

    def _check_rename(self, block: FileControlBlock, place: Place) -> None:
        old = block.place.key
        if not old or not place.path:
            raise IoFailure(Status.ACCESS_DENIED)
        if block.is_directory and place.key[: len(old)] == old and len(place.key) > len(old):
            raise IoFailure(Status.INVALID_PARAMETER)
        number = _key(block.store, block.place)[0]
        for (store_number, key), below in list(self._blocks.items()):
            if store_number == number and len(key) > len(old) and key[: len(old)] == old:
                self._free_of_cache(below)

    def _replace(self, store: FileStore, place: Place, replace: bool) -> None:
        if not replace:
            raise IoFailure(Status.OBJECT_NAME_COLLISION)
        if place.is_directory:
            raise IoFailure(Status.ACCESS_DENIED)
        known = self._blocks.get(_key(store, place))
        if known is not None:
            self._free_of_cache(known)
        if self._place_information(store, place).attributes & FILE_ATTRIBUTE_READONLY:
            raise IoFailure(Status.ACCESS_DENIED)
        store.remove(place)

    def _free_of_cache(self, block: FileControlBlock) -> None:
        """A file that only its pages in RAM keep open is written back and closed; any other: ACCESS_DENIED."""
        if block.opens or block.data is None or not block.data.may_delete() or not block.data.give_up():
            raise IoFailure(Status.ACCESS_DENIED)

    def _moved(self, block: FileControlBlock, place: Place) -> None:
        del self._blocks[_key(block.store, block.place)]
        marks, before = self._marks.pop(_key(block.store, block.place), None), block.full_name
        self._marks.pop(_key(block.store, place), None)
        block.place = place
        if self.images is not None:
            self.images.rename_image(before, block.full_name)
        self._blocks[_key(block.store, place)] = block
        if marks is not None:
            self._marks[_key(block.store, place)] = marks

    def changes(self) -> list[tuple[str, str]]:
        """What an overlay took: ("created" | "modified" | "deleted", path below C:\\), sorted; else nothing."""
        return [(kind, "\\".join(path)) for kind, path in self._files.changes()]


def _key(store: FileStore, place: Place) -> _Key:
    return id(store), place.key


def _open_store(root: Path, overlay: Path | None, quota: DiskQuota) -> FileStore:
    if overlay is None:
        return FileStore(HostTree(root), room=quota)
    files = overlay / "files"
    files.mkdir(parents=True, exist_ok=True)
    return FileStore(HostTree(files), HostTree(root), Whiteouts(overlay / "deleted.json"), room=quota)
