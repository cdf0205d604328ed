"""The program's exit status as the host can carry it."""

from typing import Final

BROKEN_PIPE_EXIT: Final = 141
"""128 + SIGPIPE: who reads our output has gone."""

INTERRUPTED_EXIT: Final = 130
"""128 + SIGINT: Ctrl-C."""


def host_exit_code(exit_status: int) -> int:
    """The low 8 bits of a 32-bit exit status, but 1 where they are 0 and the status is not: failure stays failure."""
    return exit_status & 0xFF or int(exit_status != 0)
