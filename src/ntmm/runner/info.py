"""What `ntmm info` tells: the address map, the limits and the fixed costs of a machine."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.layout import SHARED_USER_DATA, SHARED_USER_DATA_END
from ntmm.nt.memory import ALLOCATION_GRANULARITY
from ntmm.nt.profile import SystemProfile
from ntmm.runner.rows import InfoRow
from ntmm.runner.sizes import size_text


def machine_rows(profile: SystemProfile) -> Iterator[InfoRow]:
    """Boots a machine of the profile and describes it."""
    with TemporaryDirectory() as folder:
        volume = Volume(Path(folder))
        kernel = Kernel(profile, volume)
        try:
            yield from _system_rows(kernel)
            yield from _user_rows(kernel)
            yield from _kernel_rows(kernel)
            yield from _memory_rows(kernel)
        finally:
            kernel.close()
            volume.close()


def _system_rows(kernel: Kernel) -> Iterator[InfoRow]:
    architecture, version = kernel.architecture, kernel.profile.version
    release = f"{version.major}.{version.minor}.{version.build}"
    yield InfoRow("Machine", "system", note=f"{version.name} ({release}), {_processors(kernel.profile)}")
    yield InfoRow("Machine", "page tables", note=f"{architecture.name}, {architecture.levels} levels")
    yield InfoRow("Machine", "page", size=architecture.page_size)
    yield InfoRow("Machine", "large page", size=architecture.large_page_size)
    yield InfoRow("Machine", "page-table entry", size=architecture.pte_size)
    yield InfoRow("Machine", "no-execute", note="in the page table" if architecture.has_no_execute else "not available")
    yield InfoRow("Machine", "allocation granularity", size=ALLOCATION_GRANULARITY)


def _processors(profile: SystemProfile) -> str:
    if profile.reported_processors == 1:
        return "1 processor"
    return f"{profile.reported_processors} processors reported, 1 simulated"


def _range(section: str, name: str, start: int, end: int, note: str = "") -> InfoRow:
    return InfoRow(section, name, start, end, end - start, note)


def _user_rows(kernel: Kernel) -> Iterator[InfoRow]:
    layout, page = kernel.mm.layout, kernel.architecture.page_size
    section = "User space"
    yield _range(section, "no access", 0, layout.lowest_user_address, "catches null pointers")
    yield _range(section, "private", layout.lowest_user_address, layout.highest_vad_address + 1, "PEB and TEBs on top")
    yield _range(section, "first TEB", layout.first_teb, layout.peb, "further ones below")
    yield _range(section, "PEB", layout.peb, layout.peb + page)
    yield _range(section, "shared user data", SHARED_USER_DATA, SHARED_USER_DATA + page, "read-only")
    yield _range(section, "no access", SHARED_USER_DATA + page, SHARED_USER_DATA_END)
    top = layout.highest_user_address + 1
    yield _range(section, "no access", top, top + ALLOCATION_GRANULARITY, "below system space")


def _kernel_rows(kernel: Kernel) -> Iterator[InfoRow]:
    layout, architecture = kernel.mm.layout, kernel.architecture
    section, page = "System space", kernel.architecture.page_size
    for address in kernel.mm.system.kernel_addresses[:1]:
        yield _range(section, "kernel image", address, address + page * len(kernel.mm.system.kernel_addresses))
    yield _range(section, "page tables", architecture.pte_base, architecture.pte_top + 1, "self-map")
    yield _range(section, "page directory", architecture.pde_base, architecture.pde_base + page)
    yield InfoRow(section, "hyperspace", layout.hyperspace, note="one for each process")
    yield InfoRow(section, "working-set list", layout.working_set_list, note="one for each process")
    yield _range(section, "paged pool", layout.paged_pool, layout.paged_pool_end)
    yield _range(section, "nonpaged pool", layout.nonpaged_pool, layout.nonpaged_pool_end)
    shared = layout.system_shared_user_data
    yield _range(section, "shared user data", shared, shared + page, "the kernel's writable view")


def _memory_rows(kernel: Kernel) -> Iterator[InfoRow]:
    page = kernel.architecture.page_size
    yield InfoRow("Memory", "RAM", size=kernel.profile.ram)
    yield InfoRow("Memory", "available after boot", size=kernel.mm.pfn.available * page)
    yield InfoRow("Memory", "commit limit", size=kernel.mm.ledger.limit * page, note="no paging file")
    yield InfoRow("Memory", "replacement in working sets", note=kernel.profile.replacement_policy)
    for number, file in enumerate(kernel.profile.paging_file_sizes):
        growth = "fixed" if file.maximum == file.minimum else f"may grow to {size_text(file.maximum)}"
        yield InfoRow("Memory", f"paging file {number}", size=file.minimum, note=growth)
    space = kernel.mm.create_address_space(0, "a process")
    for purpose, count in space.fixed_pages.items():
        yield InfoRow("Pages of a new address space", purpose, size=count * page, note=f"{count} pages")
    kernel.mm.delete_address_space(space)
