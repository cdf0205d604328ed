"""Page-table entries decoded: what an invalid one says, in the formats of the machine's Windows."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.tables import PteFormat
from ntmm.kernel.ps import Process
from ntmm.nt.memory import MM_ACCESS_MASK, MM_DECOMMIT
from ntmm.tools.walk import TableWalk

_PAGE_FILE_MASK: Final = 0xF


@dataclass(frozen=True, slots=True)
class Decoded:
    """An invalid entry. `frame` for transition, `page_file` and `offset` (a page number) for paging files, `pointer`
    for prototype and subsection entries: the kernel address they name, None where the VAD must be asked.
    """

    state: str
    protection: int | None = None
    frame: int | None = None
    page_file: int | None = None
    offset: int | None = None
    pointer: int | None = None


def decode_invalid(kernel: Kernel, value: int, is_prototype: bool = False) -> Decoded:
    """What an entry with bit 0 clear means; `is_prototype`: it lies in an array of prototype PTEs."""
    pte_format: PteFormat = kernel.mm.table_memory.format
    if value == 0:
        return Decoded("Zero")
    protection = pte_format.protection(value)
    if pte_format.is_prototype(value):
        return _prototype(pte_format, value, protection, is_prototype)
    if pte_format.is_transition(value):
        return Decoded("Transition", protection, frame=pte_format.frame(value))
    offset = value >> (32 if kernel.architecture.pte_size == 8 else 12)
    if offset:
        return Decoded("PageFile", protection, page_file=value >> 1 & _PAGE_FILE_MASK, offset=offset)
    if protection == MM_DECOMMIT:
        return Decoded("Decommitted", protection)
    return Decoded("DemandZero" if protection & MM_ACCESS_MASK else "NoAccess", protection)


def _prototype(pte_format: PteFormat, value: int, protection: int, is_prototype: bool) -> Decoded:
    if is_prototype:
        return Decoded("Subsection", protection, pointer=pte_format.pointers.subsection_address(value))
    if pte_format.is_lookup(value):
        return Decoded("Prototype, by VAD", protection)
    return Decoded("Prototype", pointer=pte_format.pointers.prototype_address(value))


def leaf_state(kernel: Kernel, process: Process, address: int) -> str:
    """The state of the entry at which the walk to an address ends, in one word."""
    last = None
    for entry in TableWalk(kernel, process.space.directory).entries(address):
        last = entry
    if last is None:
        return "Zero"
    return "Valid" if last.is_valid else decode_invalid(kernel, last.value).state
