"""VerSetConditionMask and VerifyVersionInfo: whether the system is a certain release, or later, or earlier."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.sysinfoapi import version_numbers

MINOR, MAJOR, BUILD, PLATFORM, SERVICE_PACK_MINOR, SERVICE_PACK_MAJOR, SUITE, PRODUCT = (1 << bit for bit in range(8))
_EQUAL, _GREATER, _GREATER_EQUAL, _LESS, _LESS_EQUAL, _AND, _OR = range(1, 8)
_IN_ORDER: Final = (MAJOR, MINOR, SERVICE_PACK_MAJOR, SERVICE_PACK_MINOR)
"""These are compared as one number of several parts, under the condition of the first of them."""

_ERROR_OLD_WIN_VERSION: Final = 1150


@service("kernel32", "VerSetConditionMask", "u64 u32 u32", returns="u64")
def VerSetConditionMask(call: Call, mask: int, kinds: int, condition: int) -> int:
    """The mask with a condition (3 bits) for the highest of the kinds."""
    if not kinds & 0xFF:
        return mask
    return mask | (condition & 7) << 3 * ((kinds & 0xFF).bit_length() - 1)


def _holds(condition: int, actual: int, wanted: int) -> bool:
    if condition in (_AND, _OR):
        return actual & wanted == wanted if condition == _AND else bool(actual & wanted)
    order = (actual > wanted) - (actual < wanted)
    allowed = {_EQUAL: (0,), _GREATER: (1,), _GREATER_EQUAL: (0, 1), _LESS: (-1,), _LESS_EQUAL: (-1, 0)}
    return order in allowed.get(condition, ())


def _condition(mask: int, kind: int) -> int:
    return mask >> 3 * (kind.bit_length() - 1) & 7


def _verify(actual: dict[int, int], wanted: dict[int, int], kinds: int, mask: int) -> bool:
    ordered = [kind for kind in _IN_ORDER if kinds & kind]
    others = [kind for kind in actual if kinds & kind and kind not in _IN_ORDER]
    if not all(_holds(_condition(mask, kind), actual[kind], wanted[kind]) for kind in others):
        return False
    for position, kind in enumerate(ordered):
        if actual[kind] != wanted[kind] or position == len(ordered) - 1:
            return _holds(_condition(mask, kind), actual[kind], wanted[kind])
    return True


def _verify_version(call: Call, buffer: int, text_size: int, kinds: int, mask: int) -> int:
    if not kinds or not mask:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    _, major, minor, build, platform = struct.unpack("<5I", call.memory.read(buffer, 20))
    tail = call.memory.read(buffer + 20 + text_size, 8)
    pack_major, pack_minor, suite, product, _ = struct.unpack("<3HBB", tail)
    keys = (MAJOR, MINOR, BUILD, PLATFORM, SERVICE_PACK_MAJOR, SERVICE_PACK_MINOR, SUITE, PRODUCT)
    wanted = dict(zip(keys, (major, minor, build, platform, pack_major, pack_minor, suite, product), strict=True))
    actual = dict(zip(keys, version_numbers(call), strict=True))
    if not _verify(actual, wanted, kinds, mask):
        raise Win32Failure(_ERROR_OLD_WIN_VERSION)
    return 1


@service("kernel32", "VerifyVersionInfoW", "p u32 u64")
@failing(0)
def VerifyVersionInfoW(call: Call, buffer: int, kinds: int, mask: int) -> int:
    """TRUE if the system meets the conditions; OLD_WIN_VERSION (1150) if not."""
    return _verify_version(call, buffer, 256, kinds, mask)


@service("kernel32", "VerifyVersionInfoA", "p u32 u64")
@failing(0)
def VerifyVersionInfoA(call: Call, buffer: int, kinds: int, mask: int) -> int:
    """VerifyVersionInfoW; the text of the structure is not compared."""
    return _verify_version(call, buffer, 128, kinds, mask)
