"""The same program with a COFF symbol table behind it, for a debugger.

The compiler's own way to keep symbols also builds the C run-time differently, so the program would be another. Instead
its linker is asked what it was called with, and called once more with a symbol table: what is mapped stays the same.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

LINK_TRACE: Final = {"ZIG_VERBOSE_LINK": "1"}
"""Has the compiler print the linker's command line on standard error."""

_LINKER: Final = "lld-link "
_TRACED: Final = (_LINKER, "ar rcs ")
"""How traced lines begin: with no cache yet, the compiler also makes libraries of its own."""

_SYMBOL_OPTIONS: Final = ("-DEBUG:SYMTAB", "-OPT:REF,ICF")
"""Asking for symbols switches the removal of unused and equal functions off; the second option keeps it on."""


def split_messages(text: str) -> tuple[str, str | None]:
    """What the compiler said to the user, and the linker's command line if there is one."""
    lines = text.splitlines(keepends=True)
    said = "".join(line for line in lines if not line.startswith(_TRACED))
    calls = [line.strip() for line in lines if line.startswith(_LINKER)]
    return said, calls[-1] if calls else None


def link_with_symbols(call: str, program: Path) -> None:
    """Links once more; a program that this cannot be done for stays without symbols."""
    arguments = [word for word in call.split()[1:] if not word.startswith("-OUT:")]
    target = program.with_suffix(".linked")
    command = [sys.executable, "-m", "ziglang", "lld-link", *arguments, *_SYMBOL_OPTIONS, f"-OUT:{target}"]
    finished = subprocess.run(command, cwd=program.parent, capture_output=True, check=False)  # noqa: S603 - as compile
    if finished.returncode == 0 and target.is_file():
        target.replace(program)
