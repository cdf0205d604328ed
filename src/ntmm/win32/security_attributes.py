"""SECURITY_ATTRIBUTES: what many creating functions take."""

from ntmm.native.call import Call


def inherits(call: Call, attributes: int) -> bool:
    """True if the new handle is to be inheritable; `attributes` may be null."""
    return bool(attributes and call.memory.read_u32(attributes + 2 * call.memory.pointer_size))
