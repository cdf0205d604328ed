"""One C source becomes a Windows program: the compiler is the PyPI package `ziglang`, run on any host.

    all sources                      one step:  zig cc -target <machine>-windows-gnu
    sources that say `__try`         two steps: structured exception handling exists for the MSVC target only, so the
                                     source is compiled for that one, then linked for the other, with an import
                                     library that finds the frame handlers in msvcrt.dll
    C++ sources (.cpp)               as above, with zig c++; asked for, Microsoft's C++ in the same two steps

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

CPP_FLAGS: Final = ("-std=gnu++17", *FLAGS[1:])

LIBRARIES: Final = ("-lpsapi", "-lpdh")
"""Import libraries that the compiler does not add by itself; programs that use none of them are the same."""

MACHINES: Final = {"auto": "x86", "x86": "x86", "pae": "x86", "x64": "x86_64"}
"""The compiler's name of the machine for each of ours."""

FRAME_HANDLING_FLAGS: Final = (
    "-fms-extensions",
    "-fasync-exceptions",
    "-g0",
    # The Windows headers at hand are MinGW's; they must not mistake this for Microsoft's own compiler.
    "-U_MSC_VER",
    "-D__MINGW32__",
    "-D__GNUC__=4",
)
MACHINE_FLAGS: Final = {"x86": "-D_X86_", "x86_64": "-D_AMD64_"}
MICROSOFT_CPP_FLAGS: Final = (
    *("-fexceptions", "-fcxx-exceptions", "-fno-threadsafe-statics"),
    "-Wno-unused-command-line-argument",  # zig adds one that this target does not use
)

FRAME_HANDLERS: Final = {
    "x86": ("i386", ("_except_handler3", "__CxxFrameHandler3", "_CxxThrowException@8")),
    "x86_64": ("i386:x86-64", ("__C_specific_handler", "__CxxFrameHandler3", "_CxxThrowException")),
}
"""By machine: its name for the library tool, and the functions that compiled tables and `throw` refer to."""
RUN_TIME_TYPES: Final = ("__RTDynamicCast", "__RTtypeid", "__RTCastToVoid")


def compile_program(
    source: Path,
    architecture: str,
    folder: Path,
    warnings: Sequence[str] = (),
    with_symbols: bool = False,
    microsoft: bool = False,
) -> Path:
    """Build `folder`/NAME.exe from NAME.c or NAME.cpp for "x86", "pae", "x64" or "auto", which means 32 bits.

    The compiler's messages go to standard error as it prints them. Raises `UserError` when ziglang is missing or the
    source does not compile. `with_symbols` adds a symbol table where the compiler's linker can be asked for one;
    `microsoft` compiles C++ as Microsoft's compiler does, without a standard library.
    """
    target = MACHINES[architecture]
    program = folder / f"{source.stem}.exe"
    driver, flags = ("c++", CPP_FLAGS) if source.suffix == ".cpp" else ("cc", FLAGS)
    if microsoft or _says_try(source):
        inputs = [*_compile_with_frames(source, target, folder, warnings), *_frame_handler_library(target, folder)]
        driver, flags = "cc", FLAGS
    else:
        inputs = [str(source), *warnings]
    link = (driver, "-target", f"{target}-windows-gnu", *flags, *inputs, *LIBRARIES, "-o", str(program))
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


def _compile_with_frames(source: Path, target: str, folder: Path, warnings: Sequence[str]) -> list[str]:
    """Compile for the target that knows `__try`; answers the object file."""
    compiled = folder / f"{source.stem}.obj"
    headers = _ziglang_folder() / "lib" / "libc" / "include" / "any-windows-any"
    is_cpp = source.suffix == ".cpp"
    driver, flags = ("c++", (*CPP_FLAGS[:3], *MICROSOFT_CPP_FLAGS)) if is_cpp else ("cc", FLAGS[:3])
    options = (*flags, *FRAME_HANDLING_FLAGS, MACHINE_FLAGS[target], "-isystem", str(headers), *warnings)
    _zig(source, driver, "-target", f"{target}-windows-msvc", *options, "-c", str(source), "-o", str(compiled))
    return [str(compiled)]


def _frame_handler_library(target: str, folder: Path) -> list[str]:
    """Make the import library for msvcrt.dll's frame handlers; answers its path."""
    definition = folder / "frame_handler.def"
    library = folder / "frame_handler.lib"
    machine, names = FRAME_HANDLERS[target]
    exports = "\n".join((*names, *RUN_TIME_TYPES))
    definition.write_text(f"LIBRARY msvcrt.dll\nEXPORTS\n{exports}\n", encoding="ascii")
    _zig(definition, "dlltool", "-m", machine, "-k", "-d", str(definition), "-l", str(library))
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
