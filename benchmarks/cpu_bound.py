"""(a) A CPU-bound sample program on ntmm, against the same code on plain Unicorn with flat memory."""

import io
import os
import tempfile
from contextlib import chdir
from pathlib import Path

import pefile
import unicorn
from unicorn import x86_const

from benchmarks.result import Result, best_of, seconds
from ntmm.runner.options import RunOptions
from ntmm.runner.run import run_program

PROGRAMS = Path(__file__).parent.parent / "programs" / "bin"
KERNEL = b"sieve_kernel"
LIMIT, REPEATS = 500_000, 100
"""An array of 123 pages: it fits the 256 entries of the flat engine's TLB, which would thrash over a larger one."""

PAGE = 0x1000
STACK, STACK_BYTES, END, ARRAY = 0x10000, 0x10000, 0x8000, 0x20000000


def measure() -> list[Result]:
    """The sieve as a program for both bit widths; a run with no repeats is taken off."""
    results = []
    for folder in ("x86", "x64"):
        program = PROGRAMS / folder / "sieve.exe"
        ours, start, flat = best_of(
            3, lambda p=program: _ours(p, REPEATS), lambda p=program: _ours(p, 0), lambda p=program: _flat(p)
        )
        ratio = flat / (ours - start)
        results.append(Result(f"(a) sieve, {folder}", ours - start, flat, "s", ratio, at_least=0.95))
    return results


def _ours(program: Path, repeats: int) -> float:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        output = io.BytesIO()
        options = RunOptions(
            program,
            (str(LIMIT), str(repeats)),
            standard_input=open(os.devnull, "rb"),  # noqa: SIM115 - a stream for the run
            standard_output=output,
            standard_error=io.BytesIO(),
        )
        return seconds(lambda: run_program(options))


def _flat(program: Path) -> float:
    """The image's sections as flat memory; the exported routine is called with the same numbers."""
    image = pefile.PE(str(program))
    wide = image.FILE_HEADER.Machine == pefile.MACHINE_TYPE["IMAGE_FILE_MACHINE_AMD64"]
    engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64 if wide else unicorn.UC_MODE_32)
    base = image.OPTIONAL_HEADER.ImageBase
    for section in image.sections:
        _map_section(engine, base, section)
    engine.mem_map(STACK, STACK_BYTES, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    engine.mem_map(END, PAGE)
    engine.mem_map(ARRAY, -(-LIMIT // PAGE) * PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    routine = next(symbol for symbol in image.DIRECTORY_ENTRY_EXPORT.symbols if symbol.name == KERNEL)
    _call(engine, wide)
    return seconds(lambda: engine.emu_start(base + routine.address, END))


def _map_section(engine: unicorn.Uc, base: int, section: pefile.SectionStructure) -> None:
    writable = section.Characteristics & 0x80000000
    rights = unicorn.UC_PROT_READ | (unicorn.UC_PROT_WRITE if writable else unicorn.UC_PROT_EXEC)
    size = -(-max(section.Misc_VirtualSize, 1) // PAGE) * PAGE
    engine.mem_map(base + section.VirtualAddress, size, rights)
    engine.mem_write(base + section.VirtualAddress, section.get_data()[:size])


def _call(engine: unicorn.Uc, wide: bool) -> None:
    top = STACK + STACK_BYTES - 0x1000
    if wide:
        engine.reg_write(x86_const.UC_X86_REG_RCX, ARRAY)
        engine.reg_write(x86_const.UC_X86_REG_RDX, LIMIT)
        engine.reg_write(x86_const.UC_X86_REG_R8, REPEATS)
        engine.mem_write(top, END.to_bytes(8, "little"))
        engine.reg_write(x86_const.UC_X86_REG_RSP, top)
    else:
        words = (END, ARRAY, LIMIT, REPEATS)
        engine.mem_write(top, b"".join(word.to_bytes(4, "little") for word in words))
        engine.reg_write(x86_const.UC_X86_REG_ESP, top)
