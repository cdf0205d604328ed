"""Errors for the person who runs the tool."""

from typing import Final

USER_ERROR_EXIT: Final = 2
"""Exit code when the tool could not start the program: bad options, a missing file, no program."""

STOPPED_EXIT: Final = 124
"""Exit code when a limit of the run stopped the program, as timeout(1) has it."""

MACHINE_FAILURE_EXIT: Final = 125
"""Exit code when the simulated machine itself failed (a bugcheck)."""


class UserError(Exception):
    """Something the tool's user can mend, told in one sentence without a full stop."""

    def __init__(self, sentence: str, exit_code: int = USER_ERROR_EXIT) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
