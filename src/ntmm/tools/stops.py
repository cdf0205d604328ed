"""Why the program stopped in the debugger."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from ntmm.tools.rows import Form, Layout, Row, Widths, column


class Reason(StrEnum):
    """What a stop is about."""

    BREAKPOINT = "breakpoint"
    PAGE_FAULT = "page fault"
    STEP = "step"
    BREAK_IN = "break in"
    ENDED = "ended"
    LIMIT = "limit"
    BUGCHECK = "bugcheck"


_SAID: Final[dict[str, str]] = {Reason.STEP: "Stepped", Reason.BREAK_IN: "Stopped"}


@dataclass(frozen=True, slots=True)
class StopRow(Row):
    """One stop. `pc` is the next instruction of the thread, `symbol` its place by name."""

    LAYOUT: ClassVar[Layout] = Layout.LINES

    reason: str = column("Reason", Form.TEXT, "why the program stopped")
    process: int | None = column("Cid", Form.HEX, "id of the process")
    thread: int | None = column("Thread", Form.HEX, "id of the thread")
    pc: int | None = column("Pc", Form.ADDRESS, "address of the thread's next instruction")
    symbol: str = column("Symbol", Form.TEXT, "that address by name")
    breakpoint: int | None = column("Breakpoint", Form.COUNT, "number of the breakpoint that was hit")
    address: int | None = column("Address", Form.ADDRESS, "address that a page fault is about")
    error_code: int | None = column("Error", Form.HEX, "error code of a page fault, as the CPU gave it")
    entry: str | None = column("Entry", Form.TEXT, "what the page-table entry of that address says, before the answer")
    exit_status: int | None = column(
        "Status", Form.HEX, "exit status, once all programs have ended: the first that is not 0"
    )
    text: str = column("Text", Form.TEXT, "what else there is to say, in one sentence")

    def lines(self, widths: Widths) -> Iterable[str]:
        yield f"{self._what(widths)}{self._where(widths)}"

    def _what(self, widths: Widths) -> str:
        if self.reason == Reason.BREAKPOINT:
            return f"Breakpoint {self.breakpoint} hit"
        if self.reason == Reason.PAGE_FAULT:
            address = widths.address_text(self.address or 0)
            access = access_text(self.error_code or 0)
            return f"Page fault at {address}, error code {self.error_code:x} ({access}), entry: {self.entry}"
        if self.reason == Reason.ENDED:
            return f"The program has ended with exit status {self.exit_status:#x}"
        return self.text or _SAID.get(self.reason, self.reason)

    def _where(self, widths: Widths) -> str:
        if self.pc is None:
            return ""
        place = f"{self.symbol}, " if self.symbol else ""
        return f": {place}pc {widths.address_text(self.pc)}, thread {self.thread:x} of process {self.process:x}"


def access_text(error_code: int) -> str:
    """The bits of a page-fault error code in words."""
    access = "fetch" if error_code & 0x10 else "write" if error_code & 2 else "read"
    ring = "user" if error_code & 4 else "kernel"
    return f"{ring} {access}, {'page present' if error_code & 1 else 'no page present'}"
