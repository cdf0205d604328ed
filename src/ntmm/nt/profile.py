"""The system profile: which Windows on which machine is simulated."""

from dataclasses import dataclass, field
from typing import Final

from ntmm.nt.boot_options import BootOptions
from ntmm.nt.dep import DepSettings
from ntmm.nt.editions import EDITION_NAMES, EDITIONS, THREE_GB_RAM_LIMIT, Edition
from ntmm.nt.large_pages import has_large_system_pages
from ntmm.nt.limits import (
    MAXIMUM_PAGING_FILE,
    MAXIMUM_PAGING_FILES,
    MAXIMUM_PROCESSORS,
    MAXIMUM_RAM,
    MINIMUM_PAGING_FILE,
    MINIMUM_RAM,
    PAGE_SIZE,
    PHYSICAL_LIMIT,
)
from ntmm.nt.profile_fields import check_choice, check_fields
from ntmm.nt.registry import Registry
from ntmm.nt.versions import AUTO_RELEASE, RELEASES, WINDOWS, Release, WindowsVersion, missing_release

AUTO: Final = "auto"

REPLACEMENT_POLICIES: Final = ("fifo", "clock", "ageing")
"""How a working set chooses the page that must go."""

PROCESSOR_KINDS: Final = ("x86", "x86-nx", "x64", "ia64")
"""32-bit processors without and with no-execute pages, 64-bit ones (which run 32-bit systems too), Itanium."""

_USUAL_KIND: Final = {"x86": "x86-nx", "pae": "x86-nx", "x64": "x64", "ia64": "ia64"}
_KINDS_OF: Final = {
    "x86": ("x86", "x86-nx", "x64"),
    "pae": ("x86", "x86-nx", "x64"),
    "x64": ("x64",),
    "ia64": ("ia64",),
}

_DEFAULT_PAGING_FILE_CAP: Final = 4095 << 20
"""The default of the machine asks for no more than a file without PAE can hold."""

_FOUR_GB: Final = 4 << 30
_NO_LOW_MEMORY_RAM: Final = 5 << 30
_L2_CACHE_KB: Final = 256
_MOST_COLOURS: Final = 1024


@dataclass(frozen=True, slots=True)
class PagingFileSize:
    """What a paging file has at boot and how far it may grow, in bytes."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class SystemProfile:
    """The machine to boot: architecture ("x86", "pae", "x64" or "ia64"), RAM in bytes, processors, Windows.

    `windows` is "auto" or a name of WINDOWS, `edition` "auto" or one of its editions, `processor_kind` "auto" or one of
    PROCESSOR_KINDS; `replacement` is "auto", "fifo", "clock" or "ageing". `paging_files` None is the default of the
    machine, () none at all. `global_flag` is NtGlobalFlag. Only one processor is ever simulated: more change what is
    reported and which policy "auto" takes. Raises TypeError for a value of the wrong kind, and ValueError when the
    parts do not fit together, each with a sentence.
    """

    architecture: str = "pae"
    ram: int = 64 << 20
    processors: int = 1
    windows: str = AUTO
    replacement: str = AUTO
    paging_files: tuple[PagingFileSize, ...] | None = None
    global_flag: int = 0
    edition: str = AUTO
    boot: BootOptions = field(default_factory=BootOptions)
    registry: Registry = field(default_factory=Registry)
    processor_kind: str = AUTO

    def __post_init__(self) -> None:
        check_fields({name: getattr(self, name) for name in self.__slots__}, PagingFileSize)
        check_choice("architecture", self.architecture, tuple(MAXIMUM_RAM))
        check_choice("Windows", self.windows, (AUTO, *WINDOWS))
        check_choice("edition", self.edition, (AUTO, *EDITION_NAMES))
        check_choice("processor", self.processor_kind, (AUTO, *PROCESSOR_KINDS))
        check_choice("replacement policy", self.replacement, (AUTO, *REPLACEMENT_POLICIES))
        if (self.release, self.architecture) not in RELEASES:
            raise ValueError(missing_release(self.windows, self.architecture))
        self._check_edition()
        self._check_kind()
        self._check_boot()
        self._check_ram()
        if not 1 <= self.processors <= MAXIMUM_PROCESSORS:
            raise ValueError(f"a machine has 1 to {MAXIMUM_PROCESSORS} processors")
        self._check_paging_files()

    def _check_edition(self) -> None:
        editions = EDITIONS[self._release.family]
        title = self._release.title
        if self.edition == AUTO:
            return
        if self.edition not in editions:
            raise ValueError(f"{title} has no edition {self.edition!r}: choose one of {', '.join(editions)}")
        edition = editions[self.edition]
        if not edition.memory.in_bytes(self.architecture, self.is_on_x64):
            having = " or ".join(name for name in MAXIMUM_RAM if edition.memory.in_bytes(name, on_x64=True))
            raise ValueError(
                f"{title} {edition.title} does not exist for architecture {self.architecture}: choose architecture "
                f"{having}, or another edition"
            )

    def _check_kind(self) -> None:
        kinds = _KINDS_OF[self.architecture]
        if self.kind not in kinds:
            choices = " or ".join(kinds)
            raise ValueError(f"{self.architecture} does not run on a processor {self.kind!r}: choose {choices}")

    def _check_boot(self) -> None:
        """Switches that the system does not have, or that ask for another kernel than the architecture's."""
        boot, architecture = self.boot, self.architecture
        if boot.three_gb:
            self._check_three_gb()
        if boot.pae and (self.release, "pae") not in RELEASES:
            raise ValueError(f"{self._release.title} has no PAE kernel: leave /PAE out")
        if boot.pae and architecture == "x86":
            raise ValueError("/PAE boots a kernel with three-level page tables: choose architecture pae, or auto")
        if boot.no_pae and architecture == "pae":
            raise ValueError("/NOPAE boots a kernel with two-level page tables: choose architecture x86, or auto")
        if (boot.pae or boot.no_pae) and architecture in ("x64", "ia64"):
            raise ValueError("/PAE and /NOPAE choose between 32-bit kernels: leave them out on a 64-bit system")
        if boot.no_execute is not None and not self._knows_dep:
            raise ValueError(f"{self._release.title} has no /NOEXECUTE: choose xp-sp2, 2003-sp1 or an x64 system")
        if boot.no_low_memory:
            self._check_no_low_memory()

    def _check_no_low_memory(self) -> None:
        """The switch leaves the system what lies above 4 GB."""
        if self.architecture != "pae":
            raise ValueError("/NOLOWMEM is for the kernel that reaches RAM above 4 GB by PAE: choose architecture pae")
        if self.usable_ram < _NO_LOW_MEMORY_RAM:
            raise ValueError(
                "/NOLOWMEM leaves only RAM above 4 GB: give the machine 5 GB that its edition uses, or more"
            )

    def _check_three_gb(self) -> None:
        title = self._release.title
        if self.architecture in ("x64", "ia64"):
            raise ValueError("/3GB is for 32-bit systems: a 64-bit one leaves programs all of their address space")
        if not self.edition_data.three_gb:
            having = [name for name, edition in EDITIONS[self._release.family].items() if edition.three_gb]
            raise ValueError(f"{title} {self.edition_data.title} has no /3GB: choose edition {' or '.join(having)}")
        if self.boot.user_va is not None and not self._release.knows_user_va:
            raise ValueError(f"{title} has no /USERVA: leave it out, or choose xp or later")

    def _check_ram(self) -> None:
        page = PAGE_SIZE[self.architecture]
        if self.ram % page:
            raise ValueError(f"RAM must be a multiple of {page} bytes")
        low, high = MINIMUM_RAM >> 20, PHYSICAL_LIMIT[self.kind] >> 20
        if self.ram < MINIMUM_RAM:
            raise ValueError(f"RAM of {self.ram >> 10} KB is too little: a machine has {low} MB or more")
        if self.ram > PHYSICAL_LIMIT[self.kind]:
            raise ValueError(f"RAM of a machine of architecture {self.architecture} must be {low} MB to {high} MB")
        if self.usable_ram < MINIMUM_RAM:
            raise ValueError(f"/MAXMEM and /BURNMEMORY must leave {MINIMUM_RAM >> 20} MB of RAM")

    def _check_paging_files(self) -> None:
        files = self.paging_files or ()
        if len(files) > MAXIMUM_PAGING_FILES:
            raise ValueError(f"a machine has at most {MAXIMUM_PAGING_FILES} paging files")
        largest, page = MAXIMUM_PAGING_FILE[self.architecture], PAGE_SIZE[self.architecture]
        for file in files:
            if file.minimum % page or file.maximum % page:
                raise ValueError(f"the sizes of a paging file must be multiples of {page} bytes")
            if file.minimum < MINIMUM_PAGING_FILE:
                raise ValueError(f"a paging file must have at least {MINIMUM_PAGING_FILE >> 20} MB")
            if file.maximum < file.minimum:
                raise ValueError("the maximum of a paging file must not be below its minimum")
            if file.maximum > largest:
                limit = f"{largest >> 20} MB"
                raise ValueError(f"a paging file of architecture {self.architecture} can have at most {limit}")

    # what "auto" stands for

    @property
    def release(self) -> str:
        """Which Windows it is: `windows`, or what "auto" means. 32-bit servers use more RAM than XP does."""
        if self.windows != AUTO:
            return self.windows
        if self.edition != AUTO and self.edition not in EDITIONS["xp"]:
            return "2003-sp2"
        if self.architecture == "pae" and self.ram > _FOUR_GB and self.edition == AUTO:
            return "2003-sp2"
        if self.edition in ("home", "professional", "x64"):
            return "xp-sp2"
        return AUTO_RELEASE[self.architecture]

    @property
    def _release(self) -> Release:
        return WINDOWS[self.release]

    @property
    def family(self) -> str:
        """The releases that it belongs to: "nt4", "2000", "xp" or "2003"."""
        return self._release.family

    @property
    def version(self) -> WindowsVersion:
        """The release as GetVersionEx tells it."""
        return RELEASES[self.release, self.architecture]

    @property
    def edition_name(self) -> str:
        """`edition`, or what "auto" means: the plainest that uses all of the RAM and has the boot switches."""
        if self.edition != AUTO:
            return self.edition
        editions = EDITIONS[self._release.family]
        able = [name for name, edition in editions.items() if self._suits(edition)]
        wanted = min(self.ram, THREE_GB_RAM_LIMIT) if self.boot.three_gb else self.ram
        for name in able:
            if editions[name].memory.in_bytes(self.architecture, self.is_on_x64) >= wanted:
                return name
        return max(able, key=lambda name: editions[name].memory.in_bytes(self.architecture, self.is_on_x64))

    def _suits(self, edition: Edition) -> bool:
        exists = edition.memory.in_bytes(self.architecture, self.is_on_x64) > 0
        return exists and (edition.three_gb or not self.boot.three_gb)

    @property
    def edition_data(self) -> Edition:
        """The edition's limits and titles."""
        return EDITIONS[self._release.family][self.edition_name]

    @property
    def kind(self) -> str:
        """The kind of processor: `processor_kind`, or what "auto" means."""
        if self.processor_kind != AUTO:
            return self.processor_kind
        if self.architecture == "pae" and self.ram > PHYSICAL_LIMIT["x86"]:
            return "x64"
        return _USUAL_KIND[self.architecture]

    @property
    def is_on_x64(self) -> bool:
        """A 32-bit system on an x64 processor: a column of its own in the table of limits."""
        return self.kind == "x64" and self.architecture in ("x86", "pae")

    @property
    def replacement_policy(self) -> str:
        """How working sets choose the page that must go: "fifo", "clock" or "ageing"."""
        if self.replacement != AUTO:
            return self.replacement
        return self._release.replacement[self.reported_processors > 1]

    @property
    def paging_file_sizes(self) -> tuple[PagingFileSize, ...]:
        """The paging files to create at boot; by default one of 1.5 to 3 times the RAM, as setup makes it.

        Windows 2000 makes a temporary one of 20 MB where none is configured.
        """
        if self.paging_files:
            return self.paging_files
        if self.paging_files is not None:
            temporary = self._release.temporary_paging_file
            return (PagingFileSize(temporary, temporary),) if temporary else ()
        ram, page = self.usable_ram, PAGE_SIZE[self.architecture]
        minimum = -(-ram * 3 // 2 // page) * page
        return (PagingFileSize(min(minimum, _DEFAULT_PAGING_FILE_CAP), min(ram * 3, _DEFAULT_PAGING_FILE_CAP)),)

    # limits

    @property
    def ram_limit(self) -> int:
        """Bytes of RAM that the edition uses on this architecture; /3GB lowers it to 16 GB."""
        limit = min(
            self.edition_data.memory.in_bytes(self.architecture, self.is_on_x64), MAXIMUM_RAM[self.architecture]
        )
        return min(limit, THREE_GB_RAM_LIMIT) if self.boot.three_gb else limit

    @property
    def usable_ram(self) -> int:
        """Bytes of RAM that the system uses: what the edition's limit, /MAXMEM and /BURNMEMORY leave."""
        page = PAGE_SIZE[self.architecture]
        return self.boot.usable_ram(min(self.ram, self.ram_limit)) // page * page

    @property
    def unused_ram(self) -> int:
        """Bytes of RAM that the machine has and the system does not use."""
        return self.ram - self.usable_ram

    @property
    def reported_processors(self) -> int:
        """How many processors programs are told of: /NUMPROC and /ONECPU leave fewer."""
        if self.boot.one_processor:
            return 1
        return min(self.processors, self.boot.processors or self.processors)

    @property
    def has_large_system_pages(self) -> bool:
        """Whether the kernel and its initial pool are mapped with large pages: RAM exceeds the release's bound.

        Driver Verifier turns them off, so that drivers cannot overwrite code.
        """
        if self.registry.get("EnforceWriteProtection") or self.registry.verified_drivers:
            return False
        minimum = dict(self.registry.values).get("LargePageMinimum")
        return has_large_system_pages(self.family, self.usable_ram, minimum)

    @property
    def page_colours(self) -> int:
        """Pages of the L2 cache, a power of two of at most 1,024 (KB 183063: 256 KB if its size is not known)."""
        kilobytes = self.registry.get("SecondLevelDataCache") or _L2_CACHE_KB
        pages = (kilobytes << 10) // PAGE_SIZE[self.architecture]
        return min(_MOST_COLOURS, 1 << max(1, pages.bit_length() - 1))

    # DEP

    @property
    def _knows_dep(self) -> bool:
        return self._release.knows_dep or self.architecture in ("x64", "ia64")

    @property
    def dep(self) -> DepSettings:
        """The policy in force, and whether the page tables enforce it.

        A 64-bit system's own default is that of its family: OPTIN on clients, OPTOUT on servers.
        """
        if not self._knows_dep:
            return DepSettings("alwaysoff", in_hardware=False)
        default = "optout" if self.edition_data.is_server else "optin"
        policy = "alwaysoff" if self.boot.execute else self.boot.no_execute or default
        has_bit = self.architecture != "x86" and self.kind != "x86"
        off = policy == "alwaysoff" and self.architecture == "pae"
        return DepSettings(policy, in_hardware=has_bit and not off)


def kernel_architecture(
    windows: str, ram: int, boot: BootOptions, registry: Registry, edition: str = AUTO, processor_kind: str = AUTO
) -> str:
    """Which 32-bit kernel the loader takes: "pae" or "x86".

    /PAE and /NOPAE decide; else PAE is taken where it brings something: no-execute pages that the policy wants, or RAM
    above 4 GB. The kernel of NT 4 has none. Raises ValueError as SystemProfile does.
    """
    if windows == "nt4" or boot.no_pae:
        return "x86"
    if boot.pae or registry.get("PhysicalAddressExtension") or ram > _FOUR_GB:
        return "pae"
    profile = SystemProfile("pae", ram, 1, windows, edition=edition, boot=boot, processor_kind=processor_kind)
    return "pae" if profile.dep.in_hardware else "x86"
