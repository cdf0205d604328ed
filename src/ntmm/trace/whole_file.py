"""A text file for other tools, which never see half of it."""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self


class WholeFile:
    """A file that appears under its name when it is closed; until then its text goes to PATH.partial.

    A path that exists and is no regular file (a pipe, a device) is written directly.
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
        self._stream = open(self._written, "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed in close()

    def write(self, text: str) -> int:
        """Writes text as it is, line ends included."""
        return self._stream.write(text)

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
