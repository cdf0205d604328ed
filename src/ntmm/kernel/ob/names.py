"""The name space of named objects: upper and lower case differ, a name lives as long as its object."""

from ntmm.kernel.ob.objects import KernelObject


class ObjectNames:
    """Names of events, mutexes and semaphores; the prefixes Local\\ and Global\\ mean the same place."""

    def __init__(self) -> None:
        self._objects: dict[str, KernelObject] = {}

    @staticmethod
    def _key(name: str) -> str:
        head, separator, rest = name.partition("\\")
        return rest if separator and head.lower() in ("local", "global") else name

    def get(self, name: str) -> KernelObject | None:
        """The object with a name, if it still has handles or pointers."""
        found = self._objects.get(self._key(name))
        if found is not None and not found.handle_count and not found.pointer_count:
            del self._objects[self._key(name)]
            return None
        return found

    def insert(self, name: str, target: KernelObject) -> None:
        """Gives an object its name."""
        self._objects[self._key(name)] = target
