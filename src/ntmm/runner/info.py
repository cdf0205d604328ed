"""What `ntmm info` tells: the address map, the limits and the fixed costs of a machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.layout import (
    SHARED_USER_DATA,
    SHARED_USER_DATA_END,
    AddressLayout,
    system_regions,
    user_range,
)
from ntmm.kernel.mm.layout.sizes import computed_pools
from ntmm.nt.dep import covered_regions
from ntmm.nt.editions import NT4_ALPHA_LIMIT
from ntmm.nt.memory import ALLOCATION_GRANULARITY
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import VALUES
from ntmm.nt.system_size import system_size
from ntmm.runner.errors import UserError
from ntmm.runner.rows import InfoRow
from ntmm.runner.sizes import size_text


def machine_rows(profile: SystemProfile) -> Iterator[InfoRow]:
    """Boots a machine of the profile and describes it; IA-64 has no processor here, and memory all the same."""
    with TemporaryDirectory() as folder, _booted(profile, Path(folder)) as machine:
        yield from _system_rows(machine)
        yield from _user_rows(machine)
        yield from _kernel_rows(machine)
        yield from _size_rows(machine)
        yield from _memory_rows(machine)
        yield from _dep_rows(machine)
        yield from _choice_rows(profile)


@contextmanager
def _booted(profile: SystemProfile, folder: Path) -> Iterator[Kernel | MemoryMachine]:
    """Raises UserError where the parts of the profile do not fit into one address map."""
    volume = Volume(folder)
    try:
        machine = MemoryMachine(profile) if profile.architecture == "ia64" else Kernel(profile, volume)
    except ValueError as error:
        volume.close()
        raise UserError(str(error)) from error
    try:
        yield machine
    finally:
        machine.close()
        volume.close()


_KERNELS: Final = {
    "x86": ("ntoskrnl.exe", "ntkrnlmp.exe"),
    "pae": ("ntkrnlpa.exe", "ntkrpamp.exe"),
    "x64": ("ntoskrnl.exe", "ntkrnlmp.exe"),
    "ia64": ("ntoskrnl.exe", "ntkrnlmp.exe"),
}
"""The kernel image of Windows that the machine stands for: for one processor and for several."""


def _system_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    architecture, version = kernel.architecture, kernel.profile.version
    release = f"{version.major}.{version.minor}.{version.build}"
    yield InfoRow("Machine", "system", note=f"{version.name} ({release}), {_processors(kernel.profile)}")
    yield InfoRow("Machine", "edition", note=kernel.profile.edition_data.title)
    size = system_size(kernel.ram.size, kernel.profile.edition_data.is_server)
    yield InfoRow("Machine", "size class", note=size.name.lower())
    yield InfoRow("Machine", "kernel", note=_KERNELS[architecture.name][kernel.profile.reported_processors > 1])
    yield InfoRow("Machine", "page tables", note=f"{architecture.name}, {architecture.levels} levels")
    yield InfoRow("Machine", "page", size=architecture.page_size)
    yield InfoRow("Machine", "large page", size=architecture.large_page_size)
    yield InfoRow("Machine", "page-table entry", size=architecture.pte_size)
    yield InfoRow(
        "Machine", "no-execute", note="in the page table" if kernel.profile.dep.in_hardware else "not available"
    )
    yield InfoRow("Machine", "allocation granularity", size=ALLOCATION_GRANULARITY)


def _processors(profile: SystemProfile) -> str:
    if profile.reported_processors == 1:
        return "1 processor"
    return f"{profile.reported_processors} processors reported, 1 simulated"


def _range(section: str, name: str, start: int, end: int, note: str = "") -> InfoRow:
    return InfoRow(section, name, start, end, end - start, note)


def _user_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    layout, page = kernel.mm.layout, kernel.architecture.page_size
    section = "User space"
    own = user_range(layout)
    top = own.highest_fixed + 1
    yield _range(section, "no access", 0, layout.lowest_user_address, "catches null pointers")
    yield _range(section, "private", layout.lowest_user_address, own.highest_vad + 1, "PEB and TEBs on top")
    yield _range(section, "first TEB", top - page - _teb_pages(layout) * page, top - page, "further ones below")
    yield _range(section, "PEB", top - page, top)
    yield _range(section, "shared user data", SHARED_USER_DATA, SHARED_USER_DATA + page, "read-only")
    yield _range(section, "no access", SHARED_USER_DATA + page, SHARED_USER_DATA_END)
    end = own.highest + 1
    yield _range(section, "no access", end, end + ALLOCATION_GRANULARITY, "stops buffers that reach into system space")
    for name, is_64, is_large in _IMAGES:
        if not is_64 or layout.highest_user_address > 1 << 32:
            end = user_range(layout, is_64, is_large).highest + 1 + ALLOCATION_GRANULARITY
            yield _range("User space by image", name, 0, end)


_IMAGES: Final = (
    ("32-bit image", False, False),
    ("32-bit image, large address aware", False, True),
    ("64-bit image", True, False),
    ("64-bit image, large address aware", True, True),
)


def _teb_pages(layout: AddressLayout) -> int:
    return 2 if layout.architecture == "x64" else 1


def _kernel_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    layout, architecture = kernel.mm.layout, kernel.architecture
    section, page = "System space", architecture.page_size
    yield InfoRow(section, "begins", layout.system_range_start)
    yield _range(section, "page directory", architecture.pde_base, architecture.pde_base + page)
    yield InfoRow(section, "working-set list", layout.working_set_list, note="one for each process")
    for address in kernel.mm.system.kernel_addresses[:1]:
        yield _range(section, "kernel pages", address, address + page * len(kernel.mm.system.kernel_addresses))
    for region in system_regions(layout):
        yield _range(section, region.name, region.start, region.end, region.note)


def _size_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    """How large parts of system space are or may become, and where that is not what Windows computes for the RAM."""
    mm, profile, page = kernel.mm, kernel.profile, kernel.architecture.page_size
    section = "Sizes"
    ptes = mm.system_ptes.total
    yield InfoRow(section, "system cache", size=mm.system_cache.size)
    yield InfoRow(section, "system PTEs", size=ptes * page, note=f"{ptes} entries")
    computed = computed_pools(profile)
    for name, pool, size in (
        ("paged pool", mm.system.paged_pool, computed.paged),
        ("nonpaged pool", mm.system.nonpaged_pool, computed.nonpaged),
    ):
        most = pool.maximum_pages * page
        note = "" if size == most else f"Windows computes {size_text(size)} for the RAM"
        yield InfoRow(section, f"{name}, maximum", size=most, note=note)
    start, end = mm.system.nonpaged_pool.initial_range or (0, 0)
    yield InfoRow(section, "nonpaged pool, in large pages", size=end - start)


def _dep_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    profile = kernel.profile
    section, dep = "Data execution prevention", profile.dep
    yield InfoRow(section, "policy", note=dep.policy)
    yield InfoRow(section, "in the page tables", note="yes" if dep.in_hardware else "no")
    for region in covered_regions(profile.architecture, dep):
        yield InfoRow(section, region, note="never executable")


def _memory_rows(kernel: Kernel | MemoryMachine) -> Iterator[InfoRow]:
    page, profile = kernel.architecture.page_size, kernel.profile
    yield InfoRow("Memory", "RAM", size=profile.ram)
    yield InfoRow("Memory", "limit of the edition", size=profile.ram_limit)
    yield InfoRow("Memory", "RAM that is not used", size=profile.unused_ram)
    if profile.family == "nt4":
        yield InfoRow("Memory", "limit on Alpha AXP", size=NT4_ALPHA_LIMIT, note="which is not simulated")
    if kept := kernel.mm.pfn.set_aside * page:
        yield InfoRow(
            "Memory", "RAM below 4 GB that is kept", size=kept, note="for what must lie there, such as CR3's page"
        )
    yield InfoRow("Memory", "available after boot", size=kernel.mm.pfn.available * page)
    yield InfoRow("Memory", "commit limit", size=kernel.mm.ledger.limit * page)
    yield InfoRow("Memory", "replacement in working sets", note=profile.replacement_policy)
    for number, file in enumerate(profile.paging_file_sizes):
        growth = "fixed" if file.maximum == file.minimum else f"may grow to {size_text(file.maximum)}"
        yield InfoRow("Memory", f"paging file {number}", size=file.minimum, note=growth)
    space = kernel.mm.create_address_space(0, "a process")
    for purpose, count in space.fixed_pages.items():
        yield InfoRow("Pages of a new address space", purpose, size=count * page, note=f"{count} pages")
    kernel.mm.delete_address_space(space)


def _choice_rows(profile: SystemProfile) -> Iterator[InfoRow]:
    """The entry of boot.ini, the boot switches, and what each registry value that was given does."""
    if profile.boot.entry:
        yield InfoRow("Boot switches", profile.boot.entry, note="the entry of the boot.ini file")
    for switch in profile.boot.in_force:
        yield InfoRow("Boot switches", switch, note="in force")
    for switch in profile.boot.without_effect:
        yield InfoRow("Boot switches", switch, note="changes nothing about memory")
    for name, value in profile.registry.values:
        yield InfoRow("Registry", f"{name} = {value:#x}", note=VALUES[name].effect)
    for name, opted_in in profile.registry.layers:
        yield InfoRow("Registry", f"layer of {name}", note=f"{'in' if opted_in else 'out of'} DEP")
    if profile.registry.large_page_drivers:
        drivers = ", ".join(profile.registry.large_page_drivers)
        how = "mapped with large pages" if profile.has_large_system_pages else "in small pages, as all of the system"
        yield InfoRow("Registry", "LargePageDrivers", note=f"{drivers}: {how}")
    if profile.registry.verified_drivers:
        yield InfoRow("Registry", "VerifyDrivers", note="no large pages for the system; no driver is verified yet")
