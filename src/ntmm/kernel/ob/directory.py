"""Object directories and symbolic links: what the name space is made of (OBJECT_DIRECTORY, OBJECT_SYMBOLIC_LINK)."""

from ntmm.kernel.ob.objects import KernelObject, NameHolder
from ntmm.kernel.se.access import DIRECTORY_MAPPING, SYMBOLIC_LINK_MAPPING

DIRECTORY_QUERY = 0x1
DIRECTORY_TRAVERSE = 0x2
DIRECTORY_CREATE_OBJECT = 0x4
DIRECTORY_CREATE_SUBDIRECTORY = 0x8
SYMBOLIC_LINK_QUERY = 0x1


class Directory(KernelObject, NameHolder):
    """Names and their objects. Upper and lower case differ, except for who asks otherwise.

    `session_id` is set on the directories that belong to one session.
    """

    type_name = "Directory"
    mapping = DIRECTORY_MAPPING
    is_container = True

    def __init__(self, session_id: int = 0) -> None:
        super().__init__()
        self.session_id = session_id
        self._objects: dict[str, KernelObject] = {}

    def find(self, name: str, ignore_case: bool = False) -> KernelObject | None:
        """The object of a name."""
        found = self._objects.get(name)
        if found is None and ignore_case:
            folded = name.upper()
            found = next((target for known, target in self._objects.items() if known.upper() == folded), None)
        return found

    def insert(self, name: str, target: KernelObject) -> None:
        """Gives an object its name."""
        assert name not in self._objects
        assert target.directory is None
        self._objects[name] = target
        target.object_name, target.directory = name, self
        self.reference()

    def remove(self, target: KernelObject) -> None:
        del self._objects[target.object_name]
        target.object_name, target.directory = "", None
        self.dereference()

    def entries(self) -> list[tuple[str, KernelObject]]:
        """(name, object) in the order of their names."""
        return sorted(self._objects.items(), key=lambda entry: (entry[0].upper(), entry[0]))


class SymbolicLink(KernelObject):
    """A name that stands for another path."""

    type_name = "SymbolicLink"
    mapping = SYMBOLIC_LINK_MAPPING
    is_global_privileged = True

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target


class Device(KernelObject):
    """A device as far as the name space shows it; files are opened through the volume."""

    type_name = "Device"


def path_of(target: KernelObject) -> str:
    """The full path of a named object; "" for one without a name, "\\" for the root."""
    if target.directory is None:
        return target.object_name
    assert isinstance(target.directory, KernelObject)
    return path_of(target.directory).rstrip("\\") + "\\" + target.object_name
