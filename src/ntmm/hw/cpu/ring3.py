"""Entering ring 3 once, as a kernel does, to get the state every new thread starts from.

Writing CS and SS into the engine would leave its privilege level at 0 and user/supervisor bits unchecked. So a
supervisor page holding `iretd` / `iretq` is run on a kernel stack; the return address is that supervisor page itself,
whose fetch from ring 3 is the page fault that ends the run in ring 3 (no user page is needed).
"""

import struct
from dataclasses import dataclass

from unicorn import x86_const as x86

from ntmm.hw.arch import PAE, Architecture
from ntmm.hw.cpu.descriptors import GDT_LIMIT, SELECTORS_32_ON_64, Selectors, descriptor_table, selectors_of
from ntmm.hw.cpu.engine import CpuError, Engine, describe
from ntmm.hw.cpu.walk import translate
from ntmm.hw.ram import Ram

IRETD = b"\xcf"
IRETQ = b"\x48\xcf"
NOP = b"\x90"
RETURN_OFFSET = 16
"""Offset in the code page of what a routine in ring 0 returns to: `int 2Eh`, which ends the run."""
RETURN_TO_MONITOR = b"\xcd\x2e"
CR0_PAGING = 0x80010033  # PG, WP, NE, ET, MP, PE
CR4_LARGE_PAGES = 0x10  # PSE: 4 MB pages in 2-level tables
CR4_SSE = 0x600  # OSFXSR, OSXMMEXCPT
CR4_TIME_STAMP_DISABLE = 0x4  # rdtsc in ring 3 arrives as #GP
CR4_PAE = 0x20
MSR_EFER = 0xC0000080
EFER_NO_EXECUTE = 0x800
EFER_LONG_MODE = 0xD01  # SCE, LME, LMA, NXE
FLAGS = 0x202  # interrupts enabled, and the bit that is always 1
FPU_CONTROL = 0x27F  # Windows' thread start value: 53-bit precision, all exceptions masked
SSE_CONTROL = 0x1F80  # MXCSR: all exceptions masked
FPU_EMPTY = 0xFFFF  # tag word; the engine resets it to "all zero"


@dataclass(frozen=True)
class SupervisorArea:
    """Three pages mapped for the CPU, for ring 0 alone, at the same address in every address space; the code page
    need not be writable.

    Virtual and physical byte addresses, page-aligned. The CPU fills them at boot; the kernel never touches them.
    """

    code_virtual: int
    code_physical: int
    descriptors_virtual: int
    descriptors_physical: int
    stack_virtual: int
    stack_physical: int


@dataclass(frozen=True)
class Templates:
    """Engine states that contexts start from: with paging on in ring 0, and in ring 3 after the interrupt return."""

    kernel: bytes
    user: bytes


def enter_ring3(
    engine: Engine,
    ram: Ram,
    architecture: Architecture,
    area: SupervisorArea,
    page_directory: int,
    bits: int | None = None,
) -> Templates:
    """Fill the supervisor pages, run the interrupt return, and return the engine states before and after it.

    With 32 `bits` on a 64-bit machine that is compatibility mode.
    `page_directory` is the CR3 value; raises CpuError if the return does not arrive in ring 3 (area not mapped).
    """
    _check_mapped(ram, architecture, area, page_directory)
    selectors = selectors_of(architecture, bits)
    _fill_pages(ram, architecture, area, selectors)
    _set_control_registers(engine, architecture, area, page_directory)
    _load_segments(engine, selectors)
    stack_pointer = x86.UC_X86_REG_RSP if architecture.bits == 64 else x86.UC_X86_REG_ESP
    engine.write_register(stack_pointer, area.stack_virtual + _frame_offset(architecture))
    engine.write_register(x86.UC_X86_REG_FPCW, FPU_CONTROL)
    engine.write_register(x86.UC_X86_REG_FPTAG, FPU_EMPTY)
    engine.write_register(x86.UC_X86_REG_MXCSR, SSE_CONTROL)
    kernel = engine.new_state()
    error = engine.start(area.code_virtual)
    vector = engine.vectors.pop(engine.handle.value or 0, None)
    if error or vector != 14 or engine.read_register(x86.UC_X86_REG_CS) & 3 != 3:
        reason = describe(error) if error else f"vector {vector}"
        raise CpuError(f"The CPU did not reach ring 3 through its supervisor pages ({reason}).")
    _load_data_segments(engine, selectors)  # again: in long mode the return has emptied DS and ES
    return Templates(kernel, engine.new_state())


def _check_mapped(ram: Ram, architecture: Architecture, area: SupervisorArea, page_directory: int) -> None:
    """The engine would crash the host process on a descriptor table it cannot reach."""
    pages = {
        area.code_virtual: area.code_physical,
        area.descriptors_virtual: area.descriptors_physical,
        area.stack_virtual: area.stack_physical,
    }
    for virtual, physical in pages.items():
        if translate(ram, architecture, page_directory, virtual) != physical >> architecture.page_shift:
            raise CpuError(f"The CPU's supervisor page {virtual:#x} is not mapped to {physical:#x}.")


def _frame_offset(architecture: Architecture) -> int:
    return architecture.page_size - 5 * architecture.pointer_size


def _fill_pages(ram: Ram, architecture: Architecture, area: SupervisorArea, selectors: Selectors) -> None:
    code = (IRETQ if architecture.bits == 64 else IRETD).ljust(RETURN_OFFSET, NOP) + RETURN_TO_MONITOR
    ram.bytes[area.code_physical : area.code_physical + len(code)] = code
    for offset, value in descriptor_table(architecture.bits).items():
        ram.u64[area.descriptors_physical + offset >> 3] = value
    start = area.code_virtual & 0xFFFFFFFF if selectors is SELECTORS_32_ON_64 else area.code_virtual
    frame = (start, selectors.user_code, FLAGS, 0, selectors.user_stack)  # pc, cs, flags, sp, ss
    layout = "<5Q" if architecture.bits == 64 else "<5I"
    struct.pack_into(layout, ram.bytes, area.stack_physical + _frame_offset(architecture), *frame)


def _set_control_registers(
    engine: Engine, architecture: Architecture, area: SupervisorArea, page_directory: int
) -> None:
    cr4 = CR4_SSE | CR4_LARGE_PAGES | CR4_TIME_STAMP_DISABLE
    engine.write_gdtr(area.descriptors_virtual, GDT_LIMIT)
    if architecture.bits == 64:
        engine.write_msr(MSR_EFER, EFER_LONG_MODE)
        cr4 |= CR4_PAE
    elif architecture is PAE:
        engine.write_msr(MSR_EFER, EFER_NO_EXECUTE)
        cr4 |= CR4_PAE
    engine.write_register(x86.UC_X86_REG_CR4, cr4)
    engine.write_register(x86.UC_X86_REG_CR3, page_directory)
    engine.write_register(x86.UC_X86_REG_CR0, CR0_PAGING)


def _load_segments(engine: Engine, selectors: Selectors) -> None:
    engine.write_register(x86.UC_X86_REG_CS, selectors.kernel_code)
    engine.write_register(x86.UC_X86_REG_SS, selectors.kernel_data)
    _load_data_segments(engine, selectors)


def _load_data_segments(engine: Engine, selectors: Selectors) -> None:
    engine.write_register(x86.UC_X86_REG_DS, selectors.user_data)
    engine.write_register(x86.UC_X86_REG_ES, selectors.user_data)
    engine.write_register(x86.UC_X86_REG_FS, selectors.user_fs)
    engine.write_register(x86.UC_X86_REG_GS, selectors.user_gs)
