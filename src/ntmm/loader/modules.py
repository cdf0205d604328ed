"""Loaded modules, and the list of them that each process has."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ntmm.pe.headers import PeHeaders


@dataclass(slots=True, eq=False)
class LoadedModule:
    """An image mapped into a process. `name` is its base name as first asked for, `path` its full guest path."""

    name: str
    path: str
    base: int
    headers: PeHeaders
    reference_count: int = 1
    is_pinned: bool = False
    thread_calls_disabled: bool = False
    tls_index: int | None = None
    tls_callbacks: int = 0
    entry_address: int = 0
    """Guest address of its LDR_DATA_TABLE_ENTRY."""
    dependencies: list["LoadedModule"] = field(default_factory=list)

    @property
    def size(self) -> int:
        """SizeOfImage in bytes."""
        return self.headers.size_of_image

    @property
    def entry_point(self) -> int:
        """Address of the entry point; 0 if the image has none."""
        return self.base + self.headers.entry_point if self.headers.entry_point else 0

    def contains(self, address: int) -> bool:
        """True for an address inside the image."""
        return self.base <= address < self.base + self.size

    def directory(self, index: int) -> tuple[int, int]:
        """RVA and size of a data directory; (0, 0) if the image has none."""
        return self.headers.directories[index]


class ModuleList:
    """The modules of a process in load order, found by base name (any case), address, or base."""

    def __init__(self) -> None:
        self._in_order: list[LoadedModule] = []
        self._by_name: dict[str, LoadedModule] = {}

    def __iter__(self) -> Iterator[LoadedModule]:
        return iter(tuple(self._in_order))

    def __len__(self) -> int:
        return len(self._in_order)

    def add(self, module: LoadedModule) -> None:
        """Appends a module; its name must not be in the list."""
        self._by_name[module.name.lower()] = module
        self._in_order.append(module)

    def remove(self, module: LoadedModule) -> None:
        """Takes a module out."""
        del self._by_name[module.name.lower()]
        self._in_order.remove(module)

    def by_name(self, name: str) -> LoadedModule | None:
        """The module of a base name."""
        return self._by_name.get(name.lower())

    def by_base(self, base: int) -> LoadedModule | None:
        """The module mapped at exactly `base`."""
        return next((module for module in self._in_order if module.base == base), None)

    def containing(self, address: int) -> LoadedModule | None:
        """The module whose image holds an address."""
        return next((module for module in self._in_order if module.contains(address)), None)

    @property
    def program(self) -> LoadedModule:
        """The program itself: the first module."""
        return self._in_order[0]
