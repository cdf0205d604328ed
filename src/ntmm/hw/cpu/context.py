"""One thread's registers: a saved engine state that the CPU runs from and saves back into."""

import ctypes

from unicorn import x86_const as x86

from ntmm.hw.arch import Architecture
from ntmm.hw.cpu.calibration import GENERAL_REGISTERS, StateLayout
from ntmm.hw.cpu.descriptors import Selectors, selectors_of
from ntmm.hw.cpu.engine import CALL, check


class RegisterFile:
    """How the contexts of one architecture find their registers; shared by all of them."""

    def __init__(self, layout: StateLayout, architecture: Architecture, bits: int | None = None) -> None:
        """`bits` of the program: 32 on a 64-bit machine is compatibility mode."""
        self.layout = layout
        self.bits = bits or architecture.bits
        self.mask = (1 << self.bits) - 1
        self.selectors = selectors_of(architecture, self.bits)
        slots = layout.slots
        wide = self.bits == 64
        names = GENERAL_REGISTERS if wide else GENERAL_REGISTERS[:8]
        prefix = "r" if wide else "e"
        self.slot_of = {name.replace("r", prefix, 1): getattr(slots, name) for name in (*names, "rip")}
        self.teb_slot = slots.gs_base if wide else slots.fs_base
        self.flags_register = x86.UC_X86_REG_RFLAGS if wide else x86.UC_X86_REG_EFLAGS


class Context:
    """The registers of a thread that is not running; `Cpu.create_context` makes them, `Cpu.run` updates them.

    `u64` is the state as 64-bit words, indexed by `Cpu.slots`: the fastest access. 32-bit registers are zero-extended,
    and must be written so. Flags are not one word in it: use `flags`. `page_directory` and `teb_base` must be changed
    through their properties, never through `u64`.
    """

    __slots__ = ("_file", "i32", "moved", "pc_cell", "pointer", "u64")

    def __init__(self, file: RegisterFile, state: bytes) -> None:
        self._file = file
        self.load(state)

    def load(self, state: bytes) -> None:
        """Takes a saved engine state as the registers; whoever holds this object sees them."""
        memory = bytearray(state)
        view = memoryview(memory)
        self.u64 = view[: len(memory) & ~7].cast("Q")
        self.i32 = view.cast("i")
        start = (ctypes.c_char * len(memory)).from_buffer(memory)
        self.pointer = ctypes.c_void_p(ctypes.addressof(start))
        self.pc_cell = ctypes.c_uint64.from_buffer(memory, self._file.layout.slots.rip * 8)
        self.moved = True  # page directory or TEB changed since the CPU last looked

    def drop(self) -> None:
        """Forgets all registers: they are kept elsewhere. Any use of them before `load` is an error."""
        nothing = memoryview(b"")
        self.u64, self.i32 = nothing.cast("Q"), nothing.cast("i")
        self.pointer, self.pc_cell = ctypes.c_void_p(), ctypes.c_uint64()
        self.moved = True  # so that the CPU looks before it runs

    @property
    def is_dropped(self) -> bool:
        """True between `drop` and `load`."""
        return self.pointer.value is None

    @property
    def bits(self) -> int:
        """32 or 64: which registers the program sees."""
        return self._file.bits

    @property
    def selectors(self) -> Selectors:
        """The segments that the program runs with."""
        return self._file.selectors

    @property
    def pc(self) -> int:
        """EIP / RIP."""
        return self.u64[self._file.layout.slots.rip]

    @pc.setter
    def pc(self, value: int) -> None:
        self.u64[self._file.layout.slots.rip] = value & self._file.mask

    @property
    def sp(self) -> int:
        """ESP / RSP."""
        return self.u64[self._file.layout.slots.rsp]

    @sp.setter
    def sp(self, value: int) -> None:
        self.u64[self._file.layout.slots.rsp] = value & self._file.mask

    @property
    def flags(self) -> int:
        """EFLAGS / RFLAGS. The engine keeps the condition codes unevaluated, so this is a call into it."""
        return self._read(self._file.flags_register)

    @flags.setter
    def flags(self, value: int) -> None:
        self._write(self._file.flags_register, value)

    @property
    def page_directory(self) -> int:
        """CR3 value: physical address of the top table."""
        return self.u64[self._file.layout.slots.cr3]

    @page_directory.setter
    def page_directory(self, value: int) -> None:
        self.u64[self._file.layout.slots.cr3] = value
        self.moved = True

    @property
    def teb_base(self) -> int:
        """Base of FS (32-bit) or GS (x64)."""
        return self.u64[self._file.teb_slot]

    @teb_base.setter
    def teb_base(self, value: int) -> None:
        self.u64[self._file.teb_slot] = value & self._file.mask
        self.moved = True

    def get(self, name: str) -> int:
        """A register by its name on this architecture ("eax", "r9", "eip", "eflags", "cs", "dr7", "mxcsr" ...)."""
        slot = self._file.slot_of.get(name)
        return self.u64[slot] if slot is not None else self._read(_register_named(name))

    def set(self, name: str, value: int) -> None:
        """Set a register by name; raises KeyError for a name Unicorn does not know."""
        slot = self._file.slot_of.get(name)
        if slot is not None:
            self.u64[slot] = value & self._file.mask
        else:
            self._write(_register_named(name), value)

    def general_registers(self) -> dict[str, int]:
        """All general registers and the instruction pointer, by name."""
        return {name: self.u64[slot] for name, slot in self._file.slot_of.items()}

    def read_bytes(self, register: int, size: int) -> bytes:
        """A register of `size` bytes by Unicorn's number (XMM: 16, x87: 10)."""
        assert self.pointer.value is not None, "a register is asked for that is on a kernel stack"
        buffer = ctypes.create_string_buffer(16)
        check(CALL.uc_context_reg_read(self.pointer, register, buffer), f"read register {register}")
        return buffer.raw[:size]

    def write_bytes(self, register: int, value: bytes) -> None:
        """Write a register by Unicorn's number."""
        assert self.pointer.value is not None, "a register is set that is on a kernel stack"
        buffer = ctypes.create_string_buffer(value.ljust(16, b"\0"), 16)
        check(CALL.uc_context_reg_write(self.pointer, register, buffer), f"set register {register}")

    def _read(self, register: int) -> int:
        return int.from_bytes(self.read_bytes(register, 8), "little")

    def _write(self, register: int, value: int) -> None:
        self.write_bytes(register, value.to_bytes(8, "little"))


def _register_named(name: str) -> int:
    number: int | None = getattr(x86, f"UC_X86_REG_{name.upper()}", None)
    if number is None:
        raise KeyError(f"The CPU has no register named {name!r}.")
    return number
