"""KeBugCheckEx: the machine stops because the kernel's own state cannot be trusted or memory is exhausted."""

from enum import IntEnum


class BugcheckCode(IntEnum):
    """Stop codes by their documented names."""

    IRQL_NOT_LESS_OR_EQUAL = 0x0A
    MEMORY_MANAGEMENT = 0x1A
    KMODE_EXCEPTION_NOT_HANDLED = 0x1E
    NO_PAGES_AVAILABLE = 0x4D
    PFN_LIST_CORRUPT = 0x4E
    PAGE_FAULT_IN_NONPAGED_AREA = 0x50
    KERNEL_STACK_INPAGE_ERROR = 0x77
    KERNEL_DATA_INPAGE_ERROR = 0x7A
    ATTEMPTED_WRITE_TO_READONLY_MEMORY = 0xBE
    ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY = 0xFC


class Bugcheck(Exception):
    """The machine has stopped; the message is one sentence for the tool's user."""

    def __init__(self, code: BugcheckCode, sentence: str, *parameters: int) -> None:
        self.code = code
        self.parameters = parameters
        super().__init__(f"STOP 0x{code:08X} {code.name}: {sentence}")
