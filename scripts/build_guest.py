"""Builds ntmmrt.dll, the guest code, for x86 and x64, and writes its manifest.

Needs the PyPI package ziglang (a C compiler and linker for Windows targets on any host). The same sources give the
same bytes: no time stamps, no paths.

    python scripts/build_guest.py            builds both DLLs and guest/manifest.json
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GUEST: Final = Path(__file__).resolve().parent.parent / "src" / "ntmm" / "guest"
SOURCE: Final = GUEST / "source"
DLL: Final = "ntmmrt.dll"
ENTRY_POINTS: Final = ("NtmmProcessStart", "NtmmThreadStart", "NtmmProcessThunk", "NtmmThreadThunk")
ZIG: Final = (sys.executable, "-m", "ziglang")
COMPILER_FLAGS: Final = (
    *("-std=c17", "-O2", "-g0", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-builtin"),
    *("-fomit-frame-pointer", "-fno-stack-protector", "-fno-sanitize=all", "-fno-strict-aliasing", "-fno-ident"),
    *("-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops"),
)
"""The last line: the simulated processor runs plain loops faster than vectorized ones."""


UNWIND_FLAGS: Final = {
    "x86": ("-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
    "x64": ("-fasynchronous-unwind-tables",),
}
"""On x64 exceptions pass through guest code by its tables, as when qsort's caller catches what its callback throws."""


@dataclass(frozen=True)
class Target:
    """One architecture: its folder, the compiler's, dlltool's and the linker's names for it, the image base."""

    folder: str
    triple: str
    dlltool_machine: str
    linker_machine: str
    base: int


TARGETS: Final = (
    Target("x86", "x86-windows-gnu", "i386", "x86", 0x6F000000),
    Target("x64", "x86_64-windows-gnu", "i386:x86-64", "x64", 0x7FEF0000000),
)


def sources() -> list[Path]:
    """Every file that the DLLs are made of, in a fixed order."""
    found = [path for pattern in ("*.c", "*.S", "*.h") for path in SOURCE.rglob(pattern)]
    return sorted([*found, GUEST / "exports.txt", GUEST / "imports.txt"])


def guest_names(target: Target) -> list[str]:
    """The functions that exports.txt wants from ntmmrt.dll on this architecture."""
    names = set(ENTRY_POINTS)
    for line in (GUEST / "exports.txt").read_text("ascii").splitlines():
        text, _, comment = line.partition("#")
        architecture = comment.partition("lacks:")[0].strip().rstrip(";")
        if text.strip() and architecture in ("", target.folder):
            names.add([word for word in text.split() if not word.startswith("@")][-1])
    return sorted(names)


def run(*command: str | Path) -> None:
    """Runs a tool of ziglang; its messages go to the terminal."""
    subprocess.run([*ZIG, *map(str, command)], check=True)


def compile_all(target: Target, folder: Path) -> list[Path]:
    """Compiles the C and assembler files; answers the object files."""

    def compile_one(source: Path) -> Path:
        output = folder / (source.relative_to(SOURCE).as_posix().replace("/", "_") + ".o")
        flags = (*COMPILER_FLAGS, *UNWIND_FLAGS[target.folder]) if source.suffix == ".c" else ()
        run("cc", "-target", target.triple, *flags, "-I", SOURCE / "include", "-c", source, "-o", output)
        return output

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(compile_one, [path for path in sources() if path.suffix in (".c", ".S")]))


def import_libraries(target: Target, folder: Path) -> Iterator[Path]:
    """Makes an import library for each DLL of imports.txt."""
    wanted: dict[str, list[str]] = {}
    for line in (GUEST / "imports.txt").read_text("ascii").splitlines():
        words = line.partition("#")[0].split()
        if words:
            wanted.setdefault(words[0], []).append(words[1])
    for dll, names in wanted.items():
        decorated = names if target.folder == "x86" else [re.sub(r"@\d+$", "", name) for name in names]
        definition = folder / f"{dll}.def"
        definition.write_text(f"LIBRARY {dll}.dll\nEXPORTS\n" + "\n".join(decorated) + "\n")
        run("dlltool", "-m", target.dlltool_machine, "-k", "-d", definition, "-l", folder / f"{dll}.lib")
        yield folder / f"{dll}.lib"


def build(target: Target) -> None:
    """Compiles and links ntmmrt.dll for one architecture."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        objects = compile_all(target, folder)
        libraries = list(import_libraries(target, folder))
        definition = folder / "ntmmrt.def"
        definition.write_text(f"LIBRARY {DLL}\nEXPORTS\n" + "\n".join(guest_names(target)) + "\n")
        output = GUEST / target.folder / DLL
        output.parent.mkdir(exist_ok=True)
        options = ["/dll", "/noentry", "/nodefaultlib", "/Brepro", "/safeseh:no", "/opt:ref", "/fixed:no", "/nxcompat"]
        options += [f"/machine:{target.linker_machine}", f"/base:{target.base:#x}", f"/def:{definition}"]
        options += [f"/out:{output}", f"/implib:{folder / 'ntmmrt.lib'}"]
        run("lld-link", *options, *objects, *libraries)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_manifest() -> None:
    """Records what the DLLs were made of, and the DLLs."""
    built = [GUEST / target.folder / DLL for target in TARGETS]
    entries = {path.relative_to(GUEST).as_posix(): digest(path) for path in [*sources(), *built]}
    (GUEST / "manifest.json").write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")


def main() -> None:
    """Builds everything."""
    for target in TARGETS:
        build(target)
    write_manifest()


if __name__ == "__main__":
    main()
