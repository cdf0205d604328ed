"""The name space: a tree of directories from the root, in which objects are found by path (ObpLookupObjectName).

    \\                       BaseNamedObjects (Global, Local, Session), Device, KernelObjects, ObjectTypes, RPC Control,
                            Sessions, ??
    \\Sessions\\N\\BaseNamedObjects     what programs of session N name without Global\\; those of session 0 name it in
                            \\BaseNamedObjects

Global, Local and Session are symbolic links there, so that names like Global\\Ready need no rule of their own.
"""

from typing import Final, NamedTuple, TypeVar

from ntmm.kernel.ob.directory import DIRECTORY_TRAVERSE, Device, Directory, SymbolicLink, path_of
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se import well_known
from ntmm.kernel.se.access import SYNCHRONIZE
from ntmm.kernel.se.acl import Ace, AceType, Acl
from ntmm.kernel.se.check import access_check
from ntmm.kernel.se.descriptor import descriptor_with_dacl
from ntmm.kernel.se.privileges import PRIVILEGES
from ntmm.kernel.se.token import Token
from ntmm.nt.status import Status

BASE_NAMED_OBJECTS: Final = "\\BaseNamedObjects"
_LONGEST_CHAIN: Final = 32
"""Symbolic links that lead to symbolic links."""

_SEE: Final = 0x20003
"""READ_CONTROL | TRAVERSE | QUERY."""
_CREATE: Final = 0x2000F
_TRAVERSE_PRIVILEGE: Final = PRIVILEGES["SeChangeNotifyPrivilege"]

Kind = TypeVar("Kind", bound=KernelObject)


class Lookup(NamedTuple):
    """The object of a path; or with OBJECT_NAME_NOT_FOUND the directory in which it is not, and the last part."""

    status: Status
    target: KernelObject | None = None
    directory: Directory | None = None
    name: str = ""


class ObjectNames:
    """All names of a machine."""

    def __init__(self) -> None:
        self.root = Directory()
        self.root.object_name = "\\"
        self.root.reference()
        self._protect(self.root, _SEE)
        for name in ("BaseNamedObjects", "Device", "KernelObjects", "ObjectTypes", "RPC Control", "Sessions", "??"):
            self._make(self.root, name, _CREATE if name in ("BaseNamedObjects", "RPC Control") else _SEE)
        self._link("\\DosDevices", "\\??")
        self._make(self._known("\\Sessions"), "BNOLINKS", _SEE)
        self._add_prefixes(BASE_NAMED_OBJECTS)
        self._link("\\Sessions\\BNOLINKS\\0", BASE_NAMED_OBJECTS)
        for device, drive in (("HarddiskVolume1", "C:"), ("Null", "NUL")):
            self.add_device(f"\\Device\\{device}", drive)

    def add_device(self, path: str, dos_name: str) -> None:
        """A device that stays, and the name that programs have for it."""
        self.insert(path, Device(), permanent=True)
        self._link(f"\\??\\{dos_name}", path)

    # building

    @staticmethod
    def _protect(target: KernelObject, for_everyone: int) -> None:
        """The system's own objects belong to Administrators; everybody may do what is said."""
        rights = {
            well_known.WORLD: for_everyone,
            well_known.ADMINISTRATORS: target.mapping.all,
            well_known.LOCAL_SYSTEM: target.mapping.all,
        }
        aces = tuple(Ace(AceType.ALLOWED, mask, sid) for sid, mask in rights.items())
        target.security = descriptor_with_dacl(well_known.ADMINISTRATORS, well_known.LOCAL_SYSTEM, Acl(aces))

    def _make(self, parent: Directory, name: str, for_everyone: int, session_id: int = 0) -> Directory:
        directory = Directory(session_id)
        directory.is_permanent = True
        self._protect(directory, for_everyone)
        parent.insert(name, directory)
        return directory

    def _link(self, path: str, target: str) -> None:
        link = SymbolicLink(target)
        self._protect(link, SymbolicLink.mapping.read)
        self.insert(path, link, permanent=True)

    def _add_prefixes(self, base: str) -> None:
        """The links that make Global\\, Local\\ and Session\\ prefixes of the names in a base directory."""
        self._link(f"{base}\\Global", BASE_NAMED_OBJECTS)
        self._link(f"{base}\\Local", base)
        self._link(f"{base}\\Session", "\\Sessions\\BNOLINKS")

    def _known(self, path: str) -> Directory:
        found = self.find(path).target
        assert isinstance(found, Directory), path
        return found

    def base_directory(self, session_id: int) -> Directory:
        """Where programs of a session name objects without saying where; made for a session that is new."""
        if not session_id:
            return self._known(BASE_NAMED_OBJECTS)
        sessions = self._known("\\Sessions")
        session = sessions.find(str(session_id))
        if session is None:
            session = self._make(sessions, str(session_id), _SEE, session_id)
            self._make(session, "BaseNamedObjects", _CREATE, session_id)
            path = f"\\Sessions\\{session_id}{BASE_NAMED_OBJECTS}"
            self._add_prefixes(path)
            self._link(f"\\Sessions\\BNOLINKS\\{session_id}", path)
        return self._known(f"\\Sessions\\{session_id}{BASE_NAMED_OBJECTS}")

    # looking up

    def find(
        self,
        path: str,
        root: Directory | None = None,
        *,
        ignore_case: bool = False,
        open_link: bool = False,
        token: Token | None = None,
    ) -> Lookup:
        """What a path means, from `root` or from the root of all.

        OBJECT_PATH_SYNTAX_BAD for a path that does not begin with a backslash where there is no `root`, or does where
        there is one; OBJECT_NAME_INVALID for empty parts; OBJECT_PATH_NOT_FOUND where a directory is missing,
        OBJECT_TYPE_MISMATCH where one is none. Symbolic links are followed, with `open_link` not the last one. `token`
        needs the right to traverse directories unless it holds SeChangeNotifyPrivilege.
        """
        directory = root
        if directory is not None and not path:
            return Lookup(Status.SUCCESS, directory)
        for _ in range(_LONGEST_CHAIN):
            if directory is None:
                if not path.startswith("\\"):
                    return Lookup(Status.OBJECT_PATH_SYNTAX_BAD)
                directory, path = self.root, path[1:]
                if not path:
                    return Lookup(Status.SUCCESS, self.root)
            step = self._walk(directory, path, ignore_case, open_link, token)
            if isinstance(step, Lookup):
                return step
            directory, path = None, step
        return Lookup(Status.OBJECT_NAME_NOT_FOUND)

    def _walk(
        self, directory: Directory, path: str, ignore_case: bool, open_link: bool, token: Token | None
    ) -> Lookup | str:
        """The answer, or the path to go on with after a symbolic link."""
        parts = path.split("\\")
        if parts[0] == "" and len(parts) > 1:
            return Lookup(Status.OBJECT_PATH_SYNTAX_BAD)
        for index, part in enumerate(parts):
            if not part:
                return Lookup(Status.OBJECT_NAME_INVALID)
            if not _may_traverse(directory, token):
                return Lookup(Status.ACCESS_DENIED)
            rest = parts[index + 1 :]
            found = directory.find(part, ignore_case)
            if found is None:
                missing = Status.OBJECT_PATH_NOT_FOUND if rest else Status.OBJECT_NAME_NOT_FOUND
                return Lookup(missing, None, None if rest else directory, part)
            if isinstance(found, SymbolicLink) and (rest or not open_link):
                return "\\".join([found.target, *rest])
            if not rest:
                return Lookup(Status.SUCCESS, found, directory, part)
            if not isinstance(found, Directory):
                return Lookup(Status.OBJECT_TYPE_MISMATCH)
            directory = found
        raise AssertionError("a path has a last part")

    # for the system itself

    def get(self, name: str) -> KernelObject | None:
        """The object of a path, or of a name in \\BaseNamedObjects."""
        return self.find(name, None if name.startswith("\\") else self.base_directory(0)).target

    def open(self, path: str, kind: type[Kind]) -> Kind | None:
        """The object of a path, if it is of that kind."""
        found = self.get(path)
        return found if isinstance(found, kind) else None

    def insert(self, name: str, target: KernelObject, permanent: bool = False) -> None:
        """Names an object by its path, or in \\BaseNamedObjects; the directory is there and the name is not."""
        found = self.find(name, None if name.startswith("\\") else self.base_directory(0))
        assert found.directory is not None and found.target is None, f"{name} cannot be made"
        target.is_permanent = permanent
        found.directory.insert(found.name, target)

    def insert_public(self, path: str, target: KernelObject) -> None:
        """Names one of the system's own objects for good; everybody may look at it and wait for it."""
        self._protect(target, target.mapping.read | SYNCHRONIZE)
        self.insert(path, target, permanent=True)

    def items(self) -> list[tuple[str, KernelObject]]:
        """(path, object) of everything that has a name, directories before what is in them."""
        rows, waiting = list[tuple[str, KernelObject]](), [self.root]
        while waiting:
            directory = waiting.pop(0)
            for _, target in directory.entries():
                rows.append((path_of(target), target))
                if isinstance(target, Directory):
                    waiting.append(target)
        return rows


def _may_traverse(directory: Directory, token: Token | None) -> bool:
    if token is None or token.is_enabled(_TRAVERSE_PRIVILEGE):
        return True
    answer = access_check(directory.security, token, DIRECTORY_TRAVERSE, directory.mapping)
    return answer.status == Status.SUCCESS
