"""The base of every object that a handle can name (OBJECT_HEADER, ObReferenceObject, ObDereferenceObject)."""

from typing import ClassVar, Final

from ntmm.kernel.se.access import GenericMapping
from ntmm.kernel.se.descriptor import SecurityDescriptor

_PLAIN: Final = GenericMapping(0x00020000, 0x00020000, 0x00020000, 0x001F0000)


class NameHolder:
    """What objects have their names in; directories are it."""

    def remove(self, target: "KernelObject") -> None:
        """Takes an object's name away."""
        raise NotImplementedError


class KernelObject:
    """An object with a pointer count and a handle count; `close()` runs when both have reached zero.

    A name lives as long as handles do, or until the object is made temporary; what only pointers hold has none.
    Subclasses set `type_name` to the name that Windows gives the object type ("File", "Section", "Event"), and of the
    type: `mapping` (what generic rights mean), `is_security_required` (also objects without a name have a descriptor),
    `is_global_privileged` (another session's name needs SeCreateGlobalPrivilege), `may_gain_access` (a duplicate may
    have rights that its source has not, if the descriptor allows them).
    """

    type_name = "Object"
    mapping: ClassVar[GenericMapping] = _PLAIN
    is_security_required: ClassVar[bool] = False
    is_global_privileged: ClassVar[bool] = False
    is_container: ClassVar[bool] = False
    may_gain_access: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.pointer_count = 0
        self.handle_count = 0
        self.security: SecurityDescriptor | None = None
        self.object_name = ""
        """The last part of its name, as it was spelt."""
        self.directory: NameHolder | None = None
        self.is_permanent = False

    def reference(self) -> None:
        """Takes a pointer reference (ObReferenceObject)."""
        self.pointer_count += 1

    def dereference(self) -> None:
        """Gives a pointer reference back (ObDereferenceObject); the last one closes the object."""
        assert self.pointer_count > 0, f"{self.type_name} dereferenced too often"
        self.pointer_count -= 1
        self.close_if_unused()

    def descriptor(self) -> SecurityDescriptor | None:
        """Its security descriptor (ObQuerySecurityObject); None if objects of its kind need none."""
        return self.security

    def set_descriptor(self, descriptor: SecurityDescriptor) -> None:
        """Replaces its security descriptor."""
        self.security = descriptor

    def close_if_unused(self) -> None:
        """Takes the name away if no handles are left, and closes the object if no pointers are left either."""
        if self.handle_count:
            return
        if self.directory is not None:
            if self.is_permanent:
                return
            self.directory.remove(self)
        if not self.pointer_count:
            self.close()

    def close(self) -> None:
        """Called once, when the last reference is gone; subclasses free what they hold."""
