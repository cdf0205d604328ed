"""The memory of a machine without a processor: RAM, the memory manager of a profile, and its system threads.

`boot` puts a processor, processes and a disk on it. For IA-64, of which no processor is
simulated, this is all there is.
"""

from typing import Final

from ntmm.hw.arch import architecture_named
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.layout import layout_of_profile, pool_sizes_of_profile
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout.system_threads import SystemThread
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status

_LAST_THREAD_ID: Final = 0x7FFFFFFC


class MemoryMachine:
    """Raises ValueError with a sentence where the profile's registry asks for what does not fit."""

    def __init__(self, profile: SystemProfile, checking: bool = False) -> None:
        """`checking` fills freed frames with junk."""
        self.profile = profile
        self.architecture = architecture_named(profile.architecture)
        self.clock = Clock()
        self.scheduler = Scheduler(self.clock)
        self.ram = Ram(profile.usable_ram, profile.ram)
        layout = layout_of_profile(profile)
        self.mm = MemoryManager(
            self.ram,
            self.architecture,
            self.clock,
            checking,
            self.scheduler,
            profile.replacement_policy,
            profile.has_large_system_pages,
            profile.registry.large_page_drivers,
            layout,
            profile.registry.get("SystemPages"),
            large_cache=bool(profile.registry.get("LargeSystemCache")),
            no_execute=profile.dep.in_hardware,
            is_server=profile.edition_data.is_server,
            memory_thresholds=(profile.registry.get("LowMemoryThreshold"), profile.registry.get("HighMemoryThreshold")),
            no_low_memory=profile.boot.no_low_memory,
            pools=pool_sizes_of_profile(profile, layout),
            session_sizes=(
                profile.registry.get("SessionViewSize") << 20,
                profile.registry.get("SessionPoolSize") << 20,
            ),
            pool_usage_maximum=profile.registry.get("PoolUsageMaximum"),
            page_colours=profile.page_colours,
        )

    def create_paging_files(self) -> None:
        """Those of the profile, through the slot `mm.open_paging_store`; OSError where the host has no room."""
        for number, size in enumerate(self.profile.paging_file_sizes):
            name = f"\\??\\C:\\pagefile{number or ''}.sys"
            status = self.mm.create_paging_file(name, size.minimum, size.maximum)
            if status is not Status.SUCCESS:
                raise OSError(f"there is no room for a paging file of {size.minimum >> 20} MB")

    def start_system_threads(self) -> None:
        """The threads that keep pages available; what they do first waits for the first run."""
        for number, plan in enumerate(self.mm.pageout.plans()):
            self.scheduler.start(SystemThread(_LAST_THREAD_ID - 4 * number, plan))

    def close(self) -> None:
        """Ends the threads and closes the paging files."""
        self.scheduler.drop_all()
        self.mm.paging_files.close()
