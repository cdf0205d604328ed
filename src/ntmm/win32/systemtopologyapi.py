"""systemtopologyapi.h: the nodes of the machine's memory. There is one, with all of its RAM and processors."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.memoryapi.virtual import VirtualAllocEx

_NO_NODE: Final = 0xFF
_NO_PREFERRED_NODE: Final = 0xFFFFFFFF


def _check_node(node: int) -> None:
    if node:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)


@service("kernel32", "GetNumaHighestNodeNumber", "p")
def GetNumaHighestNodeNumber(call: Call, highest: int) -> int:
    """The only node, 0."""
    call.memory.write_u32(highest, 0)
    return 1


@service("kernel32", "GetNumaProcessorNode", "u16 p")
@failing(0)
def GetNumaProcessorNode(call: Call, processor: int, node: int) -> int:
    """The node of a processor; 0xFF and INVALID_PARAMETER for one that is not there."""
    if processor & 0xFF >= call.kernel.profile.reported_processors:
        call.memory.write(node, bytes([_NO_NODE]))
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    call.memory.write(node, bytes([0]))
    return 1


@service("kernel32", "GetNumaNodeProcessorMask", "u16 p")
@failing(0)
def GetNumaNodeProcessorMask(call: Call, node: int, mask: int) -> int:
    """A bit for each processor of a node."""
    _check_node(node & 0xFF)
    call.memory.write_u64(mask, (1 << call.kernel.profile.reported_processors) - 1)
    return 1


@service("kernel32", "GetNumaAvailableMemoryNode", "u16 p")
@failing(0)
def GetNumaAvailableMemoryNode(call: Call, node: int, size: int) -> int:
    """Bytes of a node's RAM that can be had at once."""
    _check_node(node & 0xFF)
    call.memory.write_u64(size, call.kernel.mm.memory_status(call.process).available_physical)
    return 1


@service("kernel32", "VirtualAllocExNuma", "h p p u32 u32 u32")
@failing(0)
def VirtualAllocExNuma(
    call: Call, process: int, address: int, size: int, allocation_type: int, protect: int, node: int
) -> int:
    """VirtualAllocEx with a node that is preferred: 0, or none."""
    if node != _NO_PREFERRED_NODE:
        _check_node(node)
    return VirtualAllocEx(call, process, address, size, allocation_type, protect)
