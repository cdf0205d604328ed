"""Loading an image with everything it imports (LdrpLoadDll, LdrpWalkImportDescriptor); one linker for each process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.loader import imports
from ntmm.loader.arena import Arena
from ntmm.loader.errors import LoaderError
from ntmm.loader.exports import ExportTable, Forwarder
from ntmm.loader.ldr_data import LdrData
from ntmm.loader.missing import MissingImports
from ntmm.loader.modules import LoadedModule, ModuleList
from ntmm.loader.relocations import relocate
from ntmm.loader.search import ImageFile, ImageSearch
from ntmm.loader.space import AddressSpace
from ntmm.loader.tls import TlsSlots, read_tls_directory
from ntmm.nt.status import Status

MAXIMUM_MODULES: Final = 512
DEEPEST_IMPORT: Final = 48
LONGEST_FORWARDER_CHAIN: Final = 32


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A loaded module, and the modules that came with it in the order in which they are to be initialized."""

    module: LoadedModule
    added: list[LoadedModule]


class Linker:
    """The images of one process. Every failure is a LoaderError and leaves the process as it was."""

    def __init__(self, space: AddressSpace, search: ImageSearch) -> None:
        self.space = space
        self.search = search
        self.modules = ModuleList()
        self.missing = MissingImports(space)
        self.arena = Arena(space)
        self.ldr_data = LdrData(space.memory, self.arena)
        self.tls = TlsSlots(space, self.arena)
        self.is_process_started = False
        self.initialization_order: list[LoadedModule] = []
        self.unloading: dict[int, list[LoadedModule]] = {}
        """Modules waiting to be told of their end, by the address of the block that lists them."""
        self._exports: dict[LoadedModule, ExportTable] = {}
        self._added: list[LoadedModule] = []
        self._mapped: list[LoadedModule] = []
        self._depth = 0

    def load_program(self, file: ImageFile) -> LoadResult:
        """Maps the program's image, without its imports: `link_program` follows once the system DLLs are there."""
        with self._transaction():
            module = self._map(file)
        return LoadResult(module, [])

    def link_program(self) -> LoadResult:
        """Binds the imports of the program and loads the DLLs it needs."""
        with self._transaction():
            self._bind_imports(self.modules.program)
            self._read_tls(self.modules.program)
            self._assign_tls_indexes()
        return LoadResult(self.modules.program, self._added)

    def load(self, name: str, flags: int = 0) -> LoadResult:
        """Loads a DLL, or adds a reference if it is loaded. A file that is not found is DLL_NOT_FOUND.

        `flags` say where to search for the DLL itself (see ImageSearch.find).
        """
        with self._transaction():
            module = self._load(name, flags)
        if module is None:
            raise LoaderError(f"no DLL {name} was found", Status.DLL_NOT_FOUND)
        return LoadResult(module, self._added)

    def find_function(self, module: LoadedModule, symbol: str | int) -> int | None:
        """The address of an export, or None (LdrGetProcedureAddress).

        A forwarder may load its DLL only if that DLL has nothing to initialize; otherwise NOT_IMPLEMENTED is raised.
        """
        with self._transaction():
            address = self._find(module, symbol, None)
            if any(added.entry_point or added.tls_callbacks for added in self._added):
                raise LoaderError(
                    f"{module.name} forwards {symbol} to a DLL that would have to be loaded first",
                    Status.NOT_IMPLEMENTED,
                )
        return address

    def release(self, module: LoadedModule) -> list[LoadedModule]:
        """Drops a reference; answers the modules nobody needs any more, in the order in which to tell them so."""
        unused: list[LoadedModule] = []
        self._drop(module, unused)
        return [candidate for candidate in reversed(self.initialization_order) if candidate in unused]

    def unmap(self, modules: list[LoadedModule]) -> None:
        """Removes modules that `release` answered, after their entry points have been told."""
        for module in modules:
            if module.reference_count == 0:
                self._forget(module)

    def runtime_address(self, name: str) -> int:
        """The address of a function of ntmmrt.dll; raises LoaderError if it is not there."""
        module = self.modules.by_name("ntmmrt.dll")
        address = None if module is None else self._find(module, name, None)
        if address is None:
            raise LoaderError(f"the guest run-time lacks {name}", Status.ENTRYPOINT_NOT_FOUND)
        return address

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Undoes everything mapped inside if it fails; a fault of guest memory becomes a LoaderError."""
        self._added, self._mapped, self._depth = [], [], 0
        try:
            yield
        except (GuestFault, LoaderError) as failure:
            self._undo()
            if isinstance(failure, GuestFault):
                sentence = f"loading failed: the memory at {failure.address:#x} could not be accessed"
                raise LoaderError(sentence, failure.status) from failure
            raise
        for module in self._mapped:
            module.is_pinned = module.is_pinned or not self.is_process_started
            self.ldr_data.update_counts(module)

    def _undo(self) -> None:
        """Takes back the modules of this transaction and the references they held."""
        for module in reversed(self._mapped):
            for dependency in module.dependencies:
                dependency.reference_count -= 1
        for module in reversed(self._mapped):
            self._forget(module)
        for module in self.modules:
            self.ldr_data.update_counts(module)
        self._added = []

    def _load(self, name: str, flags: int = 0) -> LoadedModule | None:
        loaded = self.modules.by_name(self.search.base_name_of(name))
        if loaded is not None:
            loaded.reference_count += 1
            self.ldr_data.update_counts(loaded)
            return loaded
        file = self.search.find(name, flags)
        if file is None:
            return None
        module = self._map(file)
        self._depth += 1
        if self._depth > DEEPEST_IMPORT:
            raise LoaderError(f"DLLs import each other more than {DEEPEST_IMPORT} levels deep")
        self._bind_imports(module)
        self._depth -= 1
        self._read_tls(module)
        self._added.append(module)
        self.initialization_order.append(module)
        self.ldr_data.add_to_initialization_order(module)
        return module

    def _map(self, file: ImageFile) -> LoadedModule:
        if len(self.modules) >= MAXIMUM_MODULES:
            raise LoaderError(f"the process has loaded {MAXIMUM_MODULES} images already", Status.INSUFFICIENT_RESOURCES)
        bits = 8 * self.space.memory.pointer_size
        if file.headers.is_64 != (bits == 64):
            raise LoaderError(f"{file.name} does not fit into a {bits}-bit process")
        base = self.space.map_image(file.path, file.backing, file.headers)
        module = LoadedModule(file.name, file.path, base, file.headers)
        self.modules.add(module)
        self._mapped.append(module)
        self.ldr_data.add(module)
        relocate(self.space, module)
        return module

    def _read_tls(self, module: LoadedModule) -> None:
        directory = read_tls_directory(self.space.memory, module)
        module.tls_callbacks = 0 if directory is None else directory.callbacks

    def _assign_tls_indexes(self) -> None:
        """Numbers the images that came with the program, in load order: the program itself has index 0."""
        for module in self.modules:
            directory = read_tls_directory(self.space.memory, module)
            if directory is not None:
                self.tls.add(module, directory)

    def _bind_imports(self, module: LoadedModule) -> None:
        count = 0
        for descriptor in imports.read_descriptors(self.space.memory, module):
            dependency = self._load(descriptor.dll)
            if dependency is not None:
                module.dependencies.append(dependency)
            count += imports.bind(self.space, module, descriptor, self._resolver(dependency))
            if count > imports.MAXIMUM_IMPORTS:
                raise LoaderError(f"{module.name} imports more than {imports.MAXIMUM_IMPORTS} functions")

    def _resolver(self, dependency: LoadedModule | None) -> imports.Resolve:
        def resolve(descriptor: imports.ImportDescriptor, symbol: str | int, hint: int | None) -> int:
            address = None if dependency is None else self._find(dependency, symbol, hint)
            return self.missing.bind(descriptor.dll, symbol) if address is None else address

        return resolve

    def _find(self, module: LoadedModule, symbol: str | int, hint: int | None) -> int | None:
        """The address of an export, following forwarders."""
        found = self._export_table(module).find(symbol, hint)
        for _ in range(LONGEST_FORWARDER_CHAIN):
            if not isinstance(found, Forwarder):
                return found
            target = self._forwarder_module(module, found)
            if target is None:
                return None
            module = target
            found = self._export_table(module).find(found.symbol)
        raise LoaderError(f"the forwarder of {symbol} leads in a circle through {module.name}")

    def _forwarder_module(self, module: LoadedModule, forwarder: Forwarder) -> LoadedModule | None:
        """The module a forwarder names; loaded if it is not yet, and then kept by the forwarding module."""
        name = forwarder.module + ".dll"
        loaded = self.modules.by_name(self.search.base_name_of(name))
        if loaded is None:
            loaded = self._load(name)
            if loaded is not None:
                module.dependencies.append(loaded)
        return loaded

    def _export_table(self, module: LoadedModule) -> ExportTable:
        table = self._exports.get(module)
        if table is None:
            table = self._exports[module] = ExportTable(self.space.memory, module)
        return table

    def _drop(self, module: LoadedModule, unused: list[LoadedModule]) -> None:
        if module.is_pinned or module in unused:
            return
        module.reference_count -= 1
        self.ldr_data.update_counts(module)
        if module.reference_count == 0:
            unused.append(module)
            for dependency in module.dependencies:
                self._drop(dependency, unused)

    def _forget(self, module: LoadedModule) -> None:
        self.modules.remove(module)
        if module in self.initialization_order:
            self.initialization_order.remove(module)
        self._exports.pop(module, None)
        if module.entry_address:
            self.ldr_data.remove(module)
        self.space.unmap(module.base)
