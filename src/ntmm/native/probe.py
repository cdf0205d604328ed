"""What Nt services do to pointers before they do anything else (ProbeForWrite): a bad one must leave nothing behind."""

from ntmm.native.call import Call


def probe_pointers(call: Call, *addresses: int) -> None:
    """Faults unless pointers can be stored at the addresses."""
    for address in addresses:
        call.memory.write_pointer(address, call.memory.read_pointer(address))


def probe_u32(call: Call, address: int) -> None:
    """Faults unless four bytes can be stored at the address; null stands for a result that nobody asks for."""
    if address:
        call.memory.write_u32(address, call.memory.read_u32(address))


def wrapped(call: Call, address: int) -> int:
    """An address behind a buffer as a pointer: it wraps where the buffer does, which the write will refuse."""
    return address & (1 << 8 * call.memory.pointer_size) - 1
