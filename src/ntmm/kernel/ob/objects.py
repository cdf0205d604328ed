"""The base of every object that a handle can name (OBJECT_HEADER, ObReferenceObject, ObDereferenceObject)."""


class KernelObject:
    """An object with a pointer count and a handle count; `close()` runs when both have reached zero.

    Subclasses set `type_name` to the name that Windows gives the object type ("File", "Section", "Event").
    """

    type_name = "Object"

    def __init__(self) -> None:
        super().__init__()
        self.pointer_count = 0
        self.handle_count = 0

    def reference(self) -> None:
        """Takes a pointer reference (ObReferenceObject)."""
        self.pointer_count += 1

    def dereference(self) -> None:
        """Gives a pointer reference back (ObDereferenceObject); the last one closes the object."""
        assert self.pointer_count > 0, f"{self.type_name} dereferenced too often"
        self.pointer_count -= 1
        self.close_if_unused()

    def close_if_unused(self) -> None:
        """Closes the object if neither pointers nor handles are left."""
        if not self.pointer_count and not self.handle_count:
            self.close()

    def close(self) -> None:
        """Called once, when the last reference is gone; subclasses free what they hold."""
