"""Faults of code in ring 0 on system addresses (MmAccessFault): resolved, or the machine stops."""

from typing import NoReturn, Protocol

from ntmm.kernel.ke.access import ERROR_FETCH, ERROR_WRITE, GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.fault.access_fault import FaultHandler
from ntmm.kernel.mm.tables import PageTables

_FREED_PTE, _NO_PAGE_TABLE = 0, 2
"""Parameter 4 of bugcheck 0x50."""
_WRITE_TO_VALID = 11
"""Parameter 4 of bugcheck 0xBE: a valid entry that is read-only."""


class PageableRange(Protocol):
    """Part of system space whose pages come and go: paged pool, the system cache, a session."""

    def holds(self, address: int) -> bool: ...

    def bring_in(self, address: int) -> None: ...


def kernel_fault(
    faults: FaultHandler,
    tables: PageTables,
    ranges: tuple[PageableRange, ...],
    address: int,
    error_code: int,
    pc: int,
) -> None:
    """Makes the page of a system address accessible for ring 0; may wait. `tables` are the system's, or a session's.

    Raises Bugcheck 0xBE for a write to a read-only page, 0xFC for executing data, 0x50 where there is no page, 0x7A for
    one that cannot be read.
    """
    index = tables.find(address)
    if index < 0:
        _stop_without_page(address, error_code, pc, _NO_PAGE_TABLE)
    pte = faults.entries[index]
    if pte & 1:
        _check_rights(faults, address, pte, error_code)
        faults.table_memory.mark_stale()
        return
    found = next((part for part in ranges if part.holds(address)), None)
    if not pte or found is None:
        _stop_without_page(address, error_code, pc, _FREED_PTE)
    try:
        found.bring_in(address)
    except GuestFault as fault:
        sentence = f"system memory at {address:#x} could not be read from its file"
        raise Bugcheck(BugcheckCode.KERNEL_DATA_INPAGE_ERROR, sentence, address, fault.status) from fault


def _check_rights(faults: FaultHandler, address: int, pte: int, error_code: int) -> None:
    architecture = faults.table_memory.architecture
    if error_code & ERROR_FETCH and pte & architecture.no_execute:
        sentence = f"code in the kernel jumped to {address:#x}, which holds data"
        raise Bugcheck(BugcheckCode.ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, sentence, address, pte)
    if error_code & ERROR_WRITE and not pte & architecture.WRITE:
        sentence = f"code in the kernel wrote to {address:#x}, which is read-only"
        raise Bugcheck(BugcheckCode.ATTEMPTED_WRITE_TO_READONLY_MEMORY, sentence, address, pte, 0, _WRITE_TO_VALID)


def _stop_without_page(address: int, error_code: int, pc: int, why: int) -> NoReturn:
    sentence = f"code in the kernel at {pc:#x} touched {address:#x}, where no page is"
    write = int(bool(error_code & ERROR_WRITE))
    raise Bugcheck(BugcheckCode.PAGE_FAULT_IN_NONPAGED_AREA, sentence, address, write, pc, why)
