"""The page-table entries of an address: !pte."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ps import Process
from ntmm.tools.command import Command, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.entries import Decoded, decode_invalid
from ntmm.tools.expressions import address_of
from ntmm.tools.kernel_view import prototype_address, vad_of
from ntmm.tools.protections import hardware_bits, protection_name
from ntmm.tools.rows import Form, Row, column
from ntmm.tools.walk import Entry, TableWalk

_LEVELS: Final = ("PXE", "PPE", "PDE", "PTE")


@dataclass(frozen=True, slots=True)
class PteRow(Row):
    """One entry on the way from the top page table to an address."""

    va: int = column("VA", Form.ADDRESS, "the address asked for")
    level: str = column("level", Form.TEXT, "PXE, PPE, PDE or PTE; Proto: the prototype PTE that an invalid PTE names")
    address: int = column("at", Form.ADDRESS, "where the self-map, or the paged pool, shows the entry")
    contains: int | None = column("contains", Form.ENTRY, "the entry itself; none where it is not in RAM")
    pfn: int | None = column("pfn", Form.HEX, "frame of a valid or transition entry")
    bits: str = column("bits", Form.TEXT, "of a valid entry: C G L D A N T, U or K, W or R, E, V")
    state: str = column("state", Form.TEXT, "Valid, or what an invalid entry means")
    page_file: int | None = column("PageFile", Form.COUNT, "number of the paging file")
    offset: int | None = column("Offset", Form.HEX, "page within the paging file")
    protection: str | None = column("Protect", Form.TEXT, "protection kept in an invalid entry")
    details: str = column("details", Form.TEXT, "what a zero or prototype entry leads to")


def _ptes(debugger: Debugger, arguments: str) -> Iterator[Row]:
    address = address_of(debugger, arguments)
    process = with_space(debugger.process)
    walk = TableWalk(debugger.kernel, process.space.directory)
    walk.executes_data = process.space.executes_data
    names = _LEVELS[-debugger.kernel.architecture.levels :]
    for entry in walk.entries(address):
        if entry.is_valid:
            yield _valid(debugger, walk, names[entry.level], address, entry)
        else:
            yield from _invalid(debugger, process, walk, names[entry.level], address, entry)


def _valid(debugger: Debugger, walk: TableWalk, level: str, va: int, entry: Entry) -> PteRow:
    architecture = debugger.kernel.architecture
    bits = hardware_bits(architecture, entry.value, walk.is_large(entry), walk.executes_data)
    frame = architecture.frame_of(entry.value)
    details = "large page" if walk.is_large(entry) else ""
    return PteRow(va, level, entry.address, entry.value, frame, bits, "Valid", None, None, None, details)


def _invalid(
    debugger: Debugger, process: Process, walk: TableWalk, level: str, va: int, entry: Entry
) -> Iterator[PteRow]:
    decoded = decode_invalid(debugger.kernel, entry.value)
    if level != _LEVELS[-1]:
        yield _row(va, level, entry.address, entry.value, decoded, "no page table" if not entry.value else "")
        return
    prototype = decoded.pointer
    vad = vad_of(debugger.kernel, process, va)
    if vad is not None and decoded.state in ("Zero", "Prototype, by VAD"):
        prototype = prototype_address(debugger.kernel, vad, va)
    yield _row(va, level, entry.address, entry.value, decoded, _details(debugger, process, va, decoded, prototype))
    if prototype is not None:
        yield _prototype(debugger, walk, va, prototype)


def _details(debugger: Debugger, process: Process, va: int, decoded: Decoded, prototype: int | None) -> str:
    """For entries that say nothing themselves: what the VAD says."""
    if prototype is not None:
        return f"prototype PTE at {debugger.widths.address_text(prototype)}"
    if decoded.state != "Zero" or va > process.space.user.highest:
        return ""
    vad = vad_of(debugger.kernel, process, va)
    if vad is None:
        return "no VAD holds the address"
    state = "committed" if vad.mem_commit else "reserved"
    return f"{state} by its VAD, {protection_name(vad.protection)}"


def _prototype(debugger: Debugger, walk: TableWalk, va: int, address: int) -> PteRow:
    value = walk.word(address, debugger.kernel.architecture.pte_size)
    if value is None:
        return PteRow(va, "Proto", address, None, None, "", "not in RAM", None, None, None, "")
    if value & 1:
        architecture = debugger.kernel.architecture
        bits = hardware_bits(architecture, value, is_directory=False)
        return PteRow(va, "Proto", address, value, architecture.frame_of(value), bits, "Valid", None, None, None, "")
    decoded = decode_invalid(debugger.kernel, value, is_prototype=True)
    pointer = decoded.pointer
    details = "" if pointer is None else f"subsection at {debugger.widths.address_text(pointer)}"
    return _row(va, "Proto", address, value, decoded, details)


def _row(va: int, level: str, address: int, value: int, decoded: Decoded, details: str) -> PteRow:
    return PteRow(
        va,
        level,
        address,
        value,
        decoded.frame,
        "",
        decoded.state,
        decoded.page_file,
        decoded.offset,
        None if decoded.protection is None else protection_name(decoded.protection),
        details,
    )


COMMANDS: Final = (
    Command("!pte", "ADDRESS", "page-table entries of an address, all levels", _ptes, (PteRow,), takes_address=True),
)
