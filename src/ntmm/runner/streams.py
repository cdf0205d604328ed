"""The host's standard streams as bytes; an absent one (closed by whoever started us) is the null device."""

import os
import sys
from typing import BinaryIO


def standard_input() -> BinaryIO:
    """What programs read."""
    return open(os.devnull, "rb") if sys.stdin is None else sys.stdin.buffer


def standard_output() -> BinaryIO:
    """Where programs write, byte for byte."""
    return open(os.devnull, "wb") if sys.stdout is None else sys.stdout.buffer


def standard_error() -> BinaryIO:
    """Where programs write their errors, byte for byte; the report goes there too."""
    return open(os.devnull, "wb") if sys.stderr is None else sys.stderr.buffer
