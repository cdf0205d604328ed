"""Build the sample programs: every programs/*.c and *.cpp for x86 and x64, and their hashes: programs/manifest.json.

    python scripts/build_programs.py            build all
    python scripts/build_programs.py --check    build all into a temporary folder; say which differ from those kept

The built programs are kept beside their sources, so that neither the demo nor the tests need a compiler. The same
sources, flags and ziglang version give the same bytes.
"""

import argparse
import hashlib
import importlib.metadata
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ntmm.runner import compile as compiler
from ntmm.runner.errors import UserError

PROGRAMS: Final = Path(__file__).resolve().parent.parent / "programs"
MANIFEST: Final = PROGRAMS / "manifest.json"
ARCHITECTURES: Final = ("x86", "x64")
WARNINGS: Final = ("-Wall", "-Wextra", "-Werror")

ONLY_ON: Final = {"handlers": "x86", "unwind": "x64"}
"""Chains of exception handlers exist on x86 only, unwind tables on x64 only."""

MICROSOFT: Final = frozenset({"throw"})
"""C++ compiled as Microsoft's compiler does."""

LINK_TO: Final = {
    ("relocate", "x86"): ("-Wl,--image-base=0x6F000000",),
    ("relocate", "x64"): ("-Wl,--image-base=0x7FEF0000000",),
}
"""Further flags of single programs: where the guest run-time's DLL would like to be."""


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def planned() -> Iterator[tuple[str, Path]]:
    """Architecture and source of each program to build."""
    for architecture in ARCHITECTURES:
        for source in sorted([*PROGRAMS.glob("*.c"), *PROGRAMS.glob("*.cpp")]):
            if ONLY_ON.get(source.stem, architecture) == architecture:
                yield architecture, source


def build(folder: Path) -> dict[str, str]:
    """Build all programs into `folder`/ARCHITECTURE/NAME.exe; answers their hashes by ARCHITECTURE/NAME.exe."""
    hashes = {}
    for architecture, source in planned():
        target = folder / architecture / f"{source.stem}.exe"
        target.parent.mkdir(parents=True, exist_ok=True)
        further = LINK_TO.get((source.stem, architecture), ())
        with TemporaryDirectory(prefix="ntmm-programs-") as temporary:
            flags = [*WARNINGS, *further]
            microsoft = source.stem in MICROSOFT
            built = compiler.compile_program(source, architecture, Path(temporary), flags, microsoft=microsoft)
            shutil.copyfile(built, target)
        hashes[f"{architecture}/{target.name}"] = sha256(target)
        print(f"{architecture}/{target.name}: {target.stat().st_size} bytes")
    return hashes


def manifest(programs: dict[str, str]) -> dict[str, Any]:
    """What was built from what, and how."""
    sources = sorted(path for kind in ("*.c", "*.cpp", "*.h") for path in PROGRAMS.glob(kind))
    return {
        "ziglang": importlib.metadata.version("ziglang"),
        "flags": [*compiler.FLAGS, *WARNINGS, *compiler.LIBRARIES],
        "flags_for_try": list(compiler.FRAME_HANDLING_FLAGS),
        "flags_of_cpp": list(compiler.CPP_FLAGS),
        "flags_of_microsoft_cpp": list(compiler.MICROSOFT_CPP_FLAGS),
        "flags_of_single_programs": {f"{place}/{name}": list(flags) for (name, place), flags in LINK_TO.items()},
        "sources": {source.name: sha256(source) for source in sources},
        "programs": programs,
    }


def check() -> int:
    """Build everything anew and compare; answers the exit code."""
    kept = json.loads(MANIFEST.read_text(encoding="utf-8"))
    with TemporaryDirectory(prefix="ntmm-programs-") as temporary:
        built = manifest(build(Path(temporary)))
    different = [key for key in built if key != "programs" and built[key] != kept.get(key)]
    names = sorted(built["programs"].keys() | kept["programs"].keys())
    different += [name for name in names if built["programs"].get(name) != kept["programs"].get(name)]
    print(f"these differ: {', '.join(different)}" if different else "all programs are as kept")
    return 1 if different else 0


def main() -> int:
    """Run from the command line; answers the exit code."""
    parser = argparse.ArgumentParser(description="Build the sample programs.")
    parser.add_argument("--check", action="store_true", help="compare a fresh build with the programs kept")
    options = parser.parse_args()
    try:
        if options.check:
            return check()
        built = manifest(build(PROGRAMS / "bin"))
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    MANIFEST.write_text(json.dumps(built, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
