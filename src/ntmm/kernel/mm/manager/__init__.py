"""The memory manager's façade: everything that the rest of the kernel and the services call.

Sizes and addresses in bytes. A process is named by its `AddressSpace`; the kernel's `Process` carries it as `.space`.
`parts` wires the machine's memory together; the other files hold the services, one family each.
"""

from ntmm.kernel.mm.manager.address_spaces import AddressSpaceServices
from ntmm.kernel.mm.manager.device_memory import DeviceMemoryServices
from ntmm.kernel.mm.manager.paging_files import PagingFileServices
from ntmm.kernel.mm.manager.parts import FIRMWARE_FRAMES, HasSpace
from ntmm.kernel.mm.manager.physical_memory import PhysicalMemoryServices
from ntmm.kernel.mm.manager.sections import SectionServices
from ntmm.kernel.mm.manager.virtual_memory import VirtualMemoryServices
from ntmm.kernel.mm.manager.working_sets import WorkingSetServices

__all__ = ["FIRMWARE_FRAMES", "HasSpace", "MemoryManager"]


class MemoryManager(
    AddressSpaceServices,
    VirtualMemoryServices,
    PhysicalMemoryServices,
    SectionServices,
    WorkingSetServices,
    PagingFileServices,
    DeviceMemoryServices,
):
    """One machine's memory."""
