"""Events as lines of JSON, for tools that are not Python."""

import json
from typing import Final

from ntmm.trace.events import Event
from ntmm.trace.whole_file import WholeFile

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


class JsonLinesRecorder(WholeFile):
    """A subscriber that writes every event to a file, which appears whole when the recorder is closed."""

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        self.write(encode(event) + "\n")
