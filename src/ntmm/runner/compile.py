"""One C source becomes a Windows program: the compiler is the PyPI package `ziglang`, run on any host.

    all sources                      one step:  zig cc -target <machine>-windows-gnu
    x86 sources that say `__try`     two steps: frame-based exception handling exists for the MSVC target only, so the
                                     source is compiled for that one, then linked for the other, with an import
                                     library that finds `_except_handler3` in msvcrt.dll

The same source, flags and ziglang version give the same bytes.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ntmm.runner.compile_symbols import LINK_TRACE, link_with_symbols, split_messages
from ntmm.runner.errors import UserError

FLAGS: Final = ("-std=gnu11", "-O2", "-s", "-Wl,--stack,1048576")
"""For compiling and linking: optimised, without symbols, 1 MB of stack as Windows' own tools reserve."""

LIBRARIES: Final = ("-lpsapi", "-lpdh")
"""Import libraries that the compiler does not add by itself; programs that use none of them are the same."""

MACHINES: Final = {"auto": "x86", "x86": "x86", "pae": "x86", "x64": "x86_64"}
"""The compiler's name of the machine for each of ours."""

FRAME_HANDLING_FLAGS: Final = (
    "-fms-extensions",
    "-g0",
    # The Windows headers at hand are MinGW's; they must not mistake this for Microsoft's own compiler.
    "-U_MSC_VER",
    "-D__MINGW32__",
    "-D__GNUC__=4",
    "-D_X86_",
)

FRAME_HANDLER_DEFINITION: Final = "LIBRARY msvcrt.dll\nEXPORTS\n_except_handler3\n"


def compile_program(
    source: Path, architecture: str, folder: Path, warnings: Sequence[str] = (), with_symbols: bool = False
) -> Path:
    """Build `folder`/NAME.exe from NAME.c for "x86", "pae", "x64" or "auto", which means 32 bits.

    The compiler's messages go to standard error as it prints them. Raises `UserError` when ziglang is missing or the
    source does not compile. `with_symbols` adds a symbol table where the compiler's linker can be asked for one.
    """
    target = MACHINES[architecture]
    program = folder / f"{source.stem}.exe"
    says_try = _says_try(source)
    if target == "x86" and says_try:
        inputs = [*_compile_with_frames(source, folder, warnings), *_frame_handler_library(folder)]
    else:
        inputs = [str(source), *warnings]
    link = ("cc", "-target", f"{target}-windows-gnu", *FLAGS, *inputs, *LIBRARIES, "-o", str(program))
    if with_symbols:
        _link_with_symbols(source, link, program)
    else:
        _zig(source, *link)
    return program


def _link_with_symbols(source: Path, link: Sequence[str], program: Path) -> None:
    finished = _run_zig(link, os.environ | LINK_TRACE, subprocess.PIPE)
    said, call = split_messages(finished.stderr.decode(errors="replace"))
    sys.stderr.write(said)
    _require_success(source, finished)
    if call is not None:
        link_with_symbols(call, program)


def _says_try(source: Path) -> bool:
    try:
        text = source.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror}") from error
    return re.search(r"\b__try\b", text) is not None


def _compile_with_frames(source: Path, folder: Path, warnings: Sequence[str]) -> list[str]:
    """Compile for the target that knows `__try`; answers the object file."""
    compiled = folder / f"{source.stem}.obj"
    headers = _ziglang_folder() / "lib" / "libc" / "include" / "any-windows-any"
    options = (*FLAGS[:3], *FRAME_HANDLING_FLAGS, "-isystem", str(headers), *warnings)
    _zig(source, "cc", "-target", "x86-windows-msvc", *options, "-c", str(source), "-o", str(compiled))
    return [str(compiled)]


def _frame_handler_library(folder: Path) -> list[str]:
    """Make the import library for msvcrt.dll's frame handler; answers its path."""
    definition = folder / "frame_handler.def"
    library = folder / "frame_handler.lib"
    definition.write_text(FRAME_HANDLER_DEFINITION, encoding="ascii")
    _zig(definition, "dlltool", "-m", "i386", "-d", str(definition), "-l", str(library))
    return [str(library)]


def _ziglang_folder() -> Path:
    """Where the package `ziglang` is installed."""
    found = importlib.util.find_spec("ziglang")
    if found is None or found.origin is None:
        raise UserError("compiling a C source needs the Python package ziglang (pip install ziglang)")
    return Path(found.origin).parent


def _zig(source: Path, *arguments: str) -> None:
    """Run one of the compiler's tools; its messages pass through to standard error."""
    _require_success(source, _run_zig(arguments))


def _require_success(source: Path, finished: subprocess.CompletedProcess[bytes]) -> None:
    if finished.returncode != os.EX_OK:
        raise UserError(f"{source} does not compile")


def _run_zig(
    arguments: Sequence[str], environment: dict[str, str] | None = None, messages: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    """`messages` None: they pass through to standard error."""
    _ziglang_folder()
    sys.stderr.flush()
    # The compiler prints nothing on standard output, which belongs to the program that is to run.
    return subprocess.run(  # noqa: S603 - the tool's user asked for this source to be compiled
        [sys.executable, "-m", "ziglang", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=messages,
        env=environment,
        check=False,
    )
