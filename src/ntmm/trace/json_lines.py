"""Events as lines of JSON, for tools that are not Python."""

import errno
import json
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ntmm.trace.events import Event

_HEXADECIMAL: Final = frozenset(
    {"address", "pte_address", "before", "after", "start", "end", "base", "error_code", "status", "exit_status", "code"}
)
"""Fields written as "0x..." strings: addresses beyond 2**53 survive every JSON reader, and bits can be read."""


def encode(event: Event) -> str:
    """One event as a JSON object on one line: its type as "event", then its fields in their order."""
    fields: dict[str, object] = {"event": type(event).__name__}
    for name, value in event._asdict().items():
        fields[name] = f"{value:#x}" if name in _HEXADECIMAL else value
    return json.dumps(fields, separators=(",", ":"))


class JsonLinesRecorder:
    """A subscriber that writes every event to a file, which appears whole when the recorder is closed.

    Until then the lines go to PATH.partial. A path that exists and is no regular file (a pipe, a device) is written
    directly.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file now; raises OSError where that cannot be done."""
        target = Path(os.path.realpath(path))
        self._target = target
        self._written = target if _is_special(target) else target.with_name(target.name + ".partial")
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory", str(path))
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "permission denied", str(path))
        self._stream = open(self._written, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed in close()

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        self._stream.write(encode(event) + "\n")

    def close(self) -> None:
        """Puts the finished file in its place; a second call does nothing."""
        if self._stream.closed:
            return
        self._stream.close()
        if self._written != self._target:
            os.replace(self._written, self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode) and not path.is_dir()
    except FileNotFoundError:
        return False
