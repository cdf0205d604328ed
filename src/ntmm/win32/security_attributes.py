"""SECURITY_ATTRIBUTES: what many creating functions take.

x86   0 length   4 descriptor    8 inherit       x64   0 length   8 descriptor   10 inherit
"""

from ntmm.native.call import Call


def inherits(call: Call, attributes: int) -> bool:
    """True if the new handle is to be inheritable; `attributes` may be null."""
    return bool(attributes and call.memory.read_u32(attributes + 2 * call.memory.pointer_size))


def descriptor_address(call: Call, attributes: int) -> int:
    """Where the descriptor of the new object lies; 0 for none. `attributes` may be null."""
    return call.memory.read_pointer(attributes + call.memory.pointer_size) if attributes else 0
