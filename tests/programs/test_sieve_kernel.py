"""The benchmark's kernel stands alone: its bytes run anywhere, given an array and a stack."""

from pathlib import Path
from typing import Any

import pefile
import pytest
import unicorn
from unicorn import x86_const

PROGRAMS = Path(__file__).parents[2] / "programs" / "bin"
CODE, STACK, ARRAY = 0x1000, 0x20000, 0x30000


def kernel_bytes(architecture: str) -> bytes:
    image = pefile.PE(str(PROGRAMS / architecture / "sieve.exe"))
    (export,) = image.DIRECTORY_ENTRY_EXPORT.symbols
    assert export.name == b"sieve_kernel"
    return bytes(image.get_data(export.address, 512))


@pytest.mark.parametrize("architecture", ["x86", "x64"])
def test_does_the_kernel_run_in_flat_memory(architecture: str) -> None:
    mode = unicorn.UC_MODE_32 if architecture == "x86" else unicorn.UC_MODE_64
    create: Any = vars(unicorn)["Uc"]  # neither exported nor fully annotated
    engine = create(unicorn.UC_ARCH_X86, mode)
    for address in (CODE, STACK, ARRAY):
        engine.mem_map(address, 0x1000)
    engine.mem_write(CODE, kernel_bytes(architecture))
    top = STACK + 0xF00
    if architecture == "x86":
        arguments = (0, ARRAY, 1000, 2)  # the return address first
        engine.mem_write(top, b"".join(value.to_bytes(4, "little") for value in arguments))
        engine.reg_write(x86_const.UC_X86_REG_ESP, top)
        result = x86_const.UC_X86_REG_EAX
    else:
        engine.mem_write(top, bytes(8))
        engine.reg_write(x86_const.UC_X86_REG_RSP, top)
        engine.reg_write(x86_const.UC_X86_REG_RCX, ARRAY)
        engine.reg_write(x86_const.UC_X86_REG_RDX, 1000)
        engine.reg_write(x86_const.UC_X86_REG_R8, 2)
        result = x86_const.UC_X86_REG_RAX
    engine.emu_start(CODE, 0)
    assert engine.reg_read(result) & 0xFFFFFFFF == 168, "primes below 1000"
