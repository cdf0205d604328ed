"""The standard streams: standard input, output and error of the host, byte for byte."""

from collections.abc import Callable
from typing import BinaryIO, Final

from ntmm.kernel.io.constants import FILE_GENERIC_READ, FILE_GENERIC_WRITE, FileType
from ntmm.kernel.io.failure import IoFailure, host_failure
from ntmm.kernel.io.file import File
from ntmm.nt.status import Status

DEFAULT_INPUT_MODE: Final = 0x0007
"""Processed input, line input, echo."""
DEFAULT_OUTPUT_MODE: Final = 0x0003
"""Processed output, wrap at the end of a line."""


class OutputLimitReached(Exception):
    """The program wrote more than it may; the message is one sentence for the tool's user."""


class OutputLimit:
    """Bytes that all output streams of a run may write together."""

    def __init__(self, limit: int | None = None, reached: Callable[[], None] | None = None) -> None:
        """`reached` is called once before OutputLimitReached is raised; `limit` None means no limit."""
        self._limit = limit
        self._reached = reached
        self.written = 0

    def take(self, amount: int) -> int:
        """Counts `amount` bytes and answers how many of them may still be written."""
        allowed = amount if self._limit is None else min(amount, self._limit - self.written)
        self.written += allowed
        return allowed

    def stop(self) -> None:
        """Ends the run: raises OutputLimitReached."""
        if self._reached is not None:
            self._reached()
        raise OutputLimitReached(f"the program was stopped because it wrote more than {self._limit} bytes of output")


class ConsoleFile(File):
    """One standard stream over a binary stream of the host; a console if the host's is a terminal, else a pipe."""

    def __init__(self, stream: BinaryIO, is_input: bool, limit: OutputLimit | None = None) -> None:
        super().__init__("\\Device\\Console", FILE_GENERIC_READ if is_input else FILE_GENERIC_WRITE)
        self._stream = stream
        self._limit = limit or OutputLimit()
        self.is_input = is_input
        self.is_console = _is_terminal(stream)
        self.file_type = FileType.CHARACTER if self.is_console else FileType.PIPE
        self.mode = DEFAULT_INPUT_MODE if is_input else DEFAULT_OUTPUT_MODE

    def read(self, offset: int, size: int) -> bytes:
        """What is there, at most `size` bytes; blocks the machine until the host has something."""
        if not self.is_input:
            raise IoFailure(Status.ACCESS_DENIED)
        reader = getattr(self._stream, "read1", self._stream.read)
        try:
            data: bytes = reader(size)
        except OSError as error:
            raise host_failure(error) from error
        return data

    def write(self, offset: int, data: bytes) -> int:
        """Writes through to the host; raises OutputLimitReached after the last byte that was allowed."""
        if self.is_input:
            raise IoFailure(Status.ACCESS_DENIED)
        allowed = self._limit.take(len(data))
        try:
            self._stream.write(data[:allowed])
            self._stream.flush()
        except BrokenPipeError as error:
            raise IoFailure(Status.PIPE_BROKEN) from error
        except OSError as error:
            raise host_failure(error) from error
        if allowed < len(data):
            self._limit.stop()
        return allowed

    def flush(self) -> None:
        """Every write has been flushed already."""


def _is_terminal(stream: BinaryIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
