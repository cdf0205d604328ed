"""What a debugger's commands answered, on the standard streams: rows on output, sentences about errors on error."""

import sys

from ntmm.runner.text import printable
from ntmm.tools.render import to_json, to_text
from ntmm.tools.rows import Result, Widths

PROMPT = "kd> "


def show(result: Result, widths: Widths, json: bool) -> None:
    """Writes a result at once, so that it stands in order with what the program writes."""
    if json:
        print(to_json(result), flush=True)
        return
    if result.rows:
        print(to_text(result, widths), flush=True)
    if result.error is not None:
        complain(result.error)


def complain(sentence: str) -> None:
    """A sentence about an error."""
    print(printable(sentence), file=sys.stderr, flush=True)
