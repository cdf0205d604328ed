"""Debugging programs inside a test: streams in memory, commands one by one."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ntmm.runner.options import RunOptions
from ntmm.tools.expressions import address_of
from ntmm.tools.rows import Row
from ntmm.tools.session import DebugSession
from ntmm.tools.stops import StopRow

PROGRAMS = Path(__file__).parents[2] / "programs" / "bin"
MACHINES = (("x86", "x86"), ("x86", "pae"), ("x64", "x64"))
"""(folder of the program, architecture of the machine)."""

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Debugged:
    """A debugger in front of a program that is stopped."""

    session: DebugSession
    output: io.BytesIO

    def rows(self, command: str) -> tuple[Row, ...]:
        """What a command answers that must not fail."""
        result = self.session.execute(command)
        assert result.error is None, result.error
        return result.rows

    def only(self, kind: type[AnyRow], command: str) -> AnyRow:
        """The one row of a kind that a command answers."""
        found = [row for row in self.rows(command) if isinstance(row, kind)]
        assert len(found) == 1
        return found[0]

    def stop(self, command: str) -> StopRow:
        """Where a command made the program stop."""
        return self.only(StopRow, command)

    def error(self, command: str) -> str:
        """The sentence of a command that must fail."""
        result = self.session.execute(command)
        assert result.error is not None and result.rows == ()
        return result.error

    def call(self, function: str, *arguments: int) -> int:
        """Has the thread that stopped at a breakpoint call a function of the program's, of up to four 32-bit arguments;
        answers 32 bits of its result. The thread is back where it stopped then.
        """
        debugger = self.session.debugger
        assert debugger.thread is not None
        context, memory = debugger.thread.context, debugger.thread.process.memory
        is_64, sp, pc = memory.pointer_size == 8, context.sp, context.pc
        words = (pc,) if is_64 else (pc, *arguments)

        def enter() -> None:
            context.sp = sp - 0x50 if is_64 else sp - 4 * len(words)  # 64 bits: aligned, with shadow space
            memory.write(context.sp, b"".join(word.to_bytes(memory.pointer_size, "little") for word in words))
            for name, value in zip(("rcx", "rdx", "r8", "r9") if is_64 else (), arguments, strict=False):
                context.set(name, value)
            context.pc = address_of(debugger, function)

        self.session._do(enter)
        assert self.stop("g").pc == pc
        context.sp = sp
        return int(context.get("rax" if is_64 else "eax")) & 0xFFFFFFFF


def sample(folder: str, name: str) -> Path:
    """A committed sample program."""
    return PROGRAMS / folder / f"{name}.exe"


@contextmanager
def debugging(program: Path, *arguments: str, architecture: str = "auto", **more: object) -> Iterator[Debugged]:
    """Loads a program and stops before its first instruction."""
    output = io.BytesIO()
    options = RunOptions(
        program=program,
        arguments=arguments,
        architecture=architecture,
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=output,
        **more,  # type: ignore[arg-type]
    )
    with DebugSession(options) as session:
        yield Debugged(session, output)
