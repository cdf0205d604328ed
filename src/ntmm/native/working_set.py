"""Working sets as programs see them: limits with their flags, and the list of pages (MemoryWorkingSetList)."""

import struct
from typing import Final

from ntmm.kernel.mm.space.page_information import PageInformation
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.nt.status import Status

# QUOTA_LIMITS_HARDWS_*
MINIMUM_ENABLE: Final = 1
MINIMUM_DISABLE: Final = 2
MAXIMUM_ENABLE: Final = 4
MAXIMUM_DISABLE: Final = 8
_ALL_FLAGS: Final = MINIMUM_ENABLE | MINIMUM_DISABLE | MAXIMUM_ENABLE | MAXIMUM_DISABLE

_SHARE_COUNT_LIMIT: Final = 7
_SHARED: Final = 0x100


_PAGES_AT_A_TIME: Final = 4096


def _choice(flags: int, enable: int, disable: int) -> bool | None:
    """What a pair of flags asks for; None if neither is set."""
    return bool(flags & enable) if flags & (enable | disable) else None


def set_limits(call: Call, process: Process, minimum: int, maximum: int, flags: int, privileged: bool) -> Status:
    """Sets working-set limits in bytes; flags that contradict each other or are unknown are INVALID_PARAMETER."""
    both = (MINIMUM_ENABLE | MINIMUM_DISABLE, MAXIMUM_ENABLE | MAXIMUM_DISABLE)
    if flags & ~_ALL_FLAGS or any(flags & pair == pair for pair in both):
        return Status.INVALID_PARAMETER
    return call.kernel.mm.set_working_set_limits(
        process,
        minimum,
        maximum,
        hard_minimum=_choice(flags, MINIMUM_ENABLE, MINIMUM_DISABLE),
        hard_maximum=_choice(flags, MAXIMUM_ENABLE, MAXIMUM_DISABLE),
        privileged=privileged,
    )


def hard_flags(hard_minimum: bool, hard_maximum: bool) -> int:
    """The QUOTA_LIMITS_HARDWS_* flags that describe a process."""
    minimum = MINIMUM_ENABLE if hard_minimum else MINIMUM_DISABLE
    return minimum | (MAXIMUM_ENABLE if hard_maximum else MAXIMUM_DISABLE)


def query_working_set(call: Call, process: Process, buffer: int, length: int, return_length: int) -> Status:
    """MEMORY_WORKING_SET_LIST: a count and one pointer-sized word a page.

        page number << 12 | shared << 8 | share count, at most 7, << 5 | protection

    A buffer that is too short gets the count only, with INFO_LENGTH_MISMATCH.
    """
    size = call.memory.pointer_size
    if length < size:
        return Status.INFO_LENGTH_MISMATCH
    pages = call.kernel.mm.working_set_pages(process)
    call.memory.write_pointer(buffer, len(pages))
    needed = size * (1 + len(pages))
    if length < needed:
        return Status.INFO_LENGTH_MISMATCH
    words = [
        page.address | page.shared * _SHARED | min(page.share_count, _SHARE_COUNT_LIMIT) << 5 | page.protection
        for page in pages
    ]
    call.memory.write(buffer + size, struct.pack(f"<{len(words)}{'Q' if size == 8 else 'I'}", *words))
    if return_length:
        call.memory.write_pointer(return_length, needed)
    return Status.SUCCESS


def query_pages(call: Call, process: Process, buffer: int, length: int, return_length: int) -> Status:
    """MEMORY_WORKING_SET_EX_INFORMATION: for each page an address, which the caller gives, and a word.

        large << 23 | locked << 22 | node << 16 | shared << 15 | PAGE_* << 4 | share count, at most 7, << 1 | valid

    INFO_LENGTH_MISMATCH where no page is asked for or the last one only in part.
    """
    size = call.memory.pointer_size
    if not length or length % (2 * size):
        return Status.INFO_LENGTH_MISMATCH
    code = "Q" if size == 8 else "I"
    for start in range(0, length, 2 * size * _PAGES_AT_A_TIME):
        count = min(_PAGES_AT_A_TIME, (length - start) // (2 * size))
        form = struct.Struct(f"<{2 * count}{code}")
        words = list(form.unpack(call.memory.read(buffer + start, form.size)))
        words[1::2] = [_page_word(page) for page in call.kernel.mm.page_information(process, words[::2])]
        call.memory.write(buffer + start, form.pack(*words))
    if return_length:
        call.memory.write_pointer(return_length, length)
    return Status.SUCCESS


def _page_word(page: PageInformation) -> int:
    word = page.valid | page.shared << 15
    if page.valid:
        word |= min(page.share_count, _SHARE_COUNT_LIMIT) << 1 | page.protection << 4
        word |= page.locked << 22 | page.large << 23
    return word
