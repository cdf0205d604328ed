"""The registers of the stopped thread: r."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import CommandError, Form, Layout, Row, Widths, column

_IN_A_LINE: Final = 4


@dataclass(frozen=True, slots=True)
class RegistersRow(Row):
    """All registers of one thread."""

    LAYOUT: ClassVar[Layout] = Layout.LINES

    process: int = column("Cid", Form.HEX, "id of the thread's process")
    thread: int = column("Thread", Form.HEX, "id of the thread")
    registers: Mapping[str, int] = column("Registers", Form.TEXT, "general registers, instruction pointer and flags")
    symbol: str = column("Symbol", Form.TEXT, "the instruction pointer by name")

    def lines(self, widths: Widths) -> Iterator[str]:
        words = [f"{name:>3}={value:0{widths.address}x}" for name, value in self.registers.items()]
        for start in range(0, len(words), _IN_A_LINE):
            yield " ".join(words[start : start + _IN_A_LINE])
        yield f"thread {self.thread:x} of process {self.process:x}: {self.symbol}"


def _registers(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("r", arguments)
    thread = debugger.thread
    if thread is None:
        raise CommandError("no thread is stopped, so there are no registers")
    context = thread.context
    values = {**context.general_registers(), "efl": context.flags}
    yield RegistersRow(thread.process.id, thread.id, values, debugger.symbols.nearest(thread.process, context.pc))


COMMANDS: Final = (Command("r", "", "registers of the stopped thread", _registers, (RegistersRow,)),)
