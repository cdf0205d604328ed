"""Raw calls into Unicorn's shared library, without its Python classes.

Measured against the Python binding (stop and restart of one `int 2Eh`, x86-64 host): binding 2.4 us, raw ctypes calls
with ready-made argument objects 1.0 us. Three facts carry the design:

- `uc_emu_stop(uc)` is itself installed as the hook for interrupts and for `syscall`, so no Python code runs to stop.
- The vector is recorded by `dict.__setitem__` as a second hook (uc -> vector): called through ctypes, but still no
  Python frame inside the engine, where a signal handler's exception would be swallowed.
- With "multiple exits" switched on and no exit set, `uc_emu_start` touches no page table after the stop, so error code,
  CR2 and old_exception are still in the CPU state when it returns.
"""

import ctypes
import weakref
from collections.abc import Callable
from typing import Any, Final

from unicorn import unicorn_const as uc
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib as _binding_library

ENTER = ctypes.CDLL(_binding_library._name)  # releases the interpreter lock: for uc_emu_start only
CALL = ctypes.PyDLL(_binding_library._name)  # keeps it: short calls

INVALID_INSTRUCTION = uc.UC_ERR_INSN_INVALID
SYSCALL_VECTOR = 0x2E  # what the `syscall` hook records on x64: the vector `int 2Eh` has
REFUSED = 0x100  # added to the vector of an instruction the engine would skip: `sysenter`, and `syscall` on 32 bits

_CTL_WRITE = uc.UC_CTL_IO_WRITE << 30
_CPU_MODEL = _CTL_WRITE | 1 << 26 | uc.UC_CTL_CPU_MODEL
_USE_EXITS = _CTL_WRITE | 1 << 26 | uc.UC_CTL_UC_USE_EXITS
_FLUSH_TLB = _CTL_WRITE | uc.UC_CTL_TLB_FLUSH
_FLUSH_CODE = _CTL_WRITE | uc.UC_CTL_TB_FLUSH
_REMOVE_CACHE = _CTL_WRITE | 2 << 26 | uc.UC_CTL_TB_REMOVE_CACHE

_RECORD_INTERRUPT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
_RECORD_INSTRUCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_REACH_INSTRUCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p)
_STOP = ctypes.cast(CALL.uc_emu_stop, ctypes.c_void_p)
STOP_ADDRESS: Final = _STOP.value or 0
"""Where `uc_emu_stop(uc)` is, for native hooks."""


class TranslatedBlock(ctypes.Structure):
    """uc_tb: a block of guest code the engine has just translated."""

    _fields_ = (("pc", ctypes.c_uint64), ("instructions", ctypes.c_uint16), ("size", ctypes.c_uint16))


_RECORD_BLOCK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(TranslatedBlock))


class _SystemRegister(ctypes.Structure):
    """uc_x86_mmr: GDTR, IDTR and the like."""

    _fields_ = (
        ("selector", ctypes.c_uint16),
        ("base", ctypes.c_uint64),
        ("limit", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    )


class _ModelSpecificRegister(ctypes.Structure):
    _fields_ = (("number", ctypes.c_uint32), ("value", ctypes.c_uint64))


class CpuError(RuntimeError):
    """The CPU engine failed in a way no guest program can cause on a real processor."""


def version() -> str:
    """Version of the Unicorn library in use."""
    number: int = CALL.uc_version(None, None)
    return f"{number >> 24 & 0xFF}.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}"


def describe(error: int) -> str:
    """Unicorn's text for an error number."""
    CALL.uc_strerror.restype = ctypes.c_char_p
    return str(CALL.uc_strerror(error), "ascii")


def check(error: int, action: str) -> None:
    """Raise CpuError naming `action` if a call did not return UC_ERR_OK."""
    if error:
        raise CpuError(f"Unicorn {version()} could not {action}: {describe(error)}.")


class Engine:
    """One Unicorn instance with the machine's RAM mapped at physical address 0."""

    def __init__(self, bits: int, ram_size: int, ram_address: int) -> None:
        self.handle = ctypes.c_void_p()
        mode = uc.UC_MODE_64 if bits == 64 else uc.UC_MODE_32
        check(CALL.uc_open(uc.UC_ARCH_X86, mode, ctypes.byref(self.handle)), "start")
        self._closer = weakref.finalize(self, CALL.uc_close, self.handle)
        self._closer.atexit = False
        # Nehalem has SSE4.2 and no RDRAND, whose host entropy would make two runs differ.
        check(CALL.uc_ctl(self.handle, ctypes.c_uint32(_CPU_MODEL), x86.UC_CPU_X86_NEHALEM), "choose a CPU model")
        size, address = ctypes.c_size_t(ram_size), ctypes.c_void_p(ram_address)
        error = CALL.uc_mem_map_ptr(self.handle, ctypes.c_uint64(0), size, uc.UC_PROT_ALL, address)
        check(error, f"map {ram_size:#x} bytes of RAM")
        check(CALL.uc_ctl(self.handle, ctypes.c_uint32(_USE_EXITS), 1), "switch its stop address off")
        self.vectors: dict[int, int] = {}
        """handle -> vector of the interrupt or `syscall` that ended the last run; the reader removes it."""
        self._callbacks: dict[int, Any] = {}
        """What must live as long as the hook of a handle does."""
        self._hook_interrupts()
        self._hook_instruction(x86.UC_X86_INS_SYSCALL, SYSCALL_VECTOR if bits == 64 else REFUSED | 6)
        self._hook_instruction(x86.UC_X86_INS_SYSENTER, REFUSED | 13)

    def close(self) -> None:
        """Free the instance; no other method may be called after it."""
        self._closer()

    # hooks

    def _hook_interrupts(self) -> None:
        # The first one counts: with the trap flag set the engine also reports a single step behind a `syscall`.
        self._add_hook(uc.UC_HOOK_INTR, _RECORD_INTERRUPT(self.vectors.setdefault))
        self._add_hook(uc.UC_HOOK_INTR, _STOP)

    def _hook_instruction(self, instruction: int, vector: int) -> None:
        self._add_hook(uc.UC_HOOK_INSN, _RECORD_INSTRUCTION(self.vectors.__setitem__), vector, instruction)
        self._add_hook(uc.UC_HOOK_INSN, _STOP, 0, instruction)  # after it, as a stopped engine calls no further hook

    def on_block_translated(self, callback: Callable[[int, Any], None]) -> None:
        """Call `callback(handle, pointer to TranslatedBlock)` whenever guest code is newly translated.

        It runs inside the engine: it must not raise, and an exception from a signal handler would be lost in it.
        """
        self._add_hook(uc.UC_HOOK_EDGE_GENERATED, _RECORD_BLOCK(callback))

    def add_block_hook(self, address: int, user_data: int) -> int:
        """Call the native `address(uc, pc, size, user_data)` before each block of guest code; answers a handle.

        All translated code is dropped: what was translated without the hook would never call it.
        """
        hook = self._add_hook(uc.UC_HOOK_BLOCK, ctypes.c_void_p(address), user_data)
        self._flush_code()
        return hook

    def add_code_hook(self, callback: Callable[[int, int, int, int], None], first: int, last: int) -> int:
        """Call `callback(handle, pc, size, 0)` before each instruction from `first` to `last`; answers a handle.

        Where `last` is below `first`, before every instruction. The callback must not raise. All translated code is
        dropped, as for blocks.
        """
        hook = self._add_hook(uc.UC_HOOK_CODE, _REACH_INSTRUCTION(callback), first=first, last=last)
        self._flush_code()
        return hook

    def remove_hook(self, hook: int) -> None:
        """Take out a hook on blocks or code, and drop the code that calls it."""
        check(CALL.uc_hook_del(self.handle, ctypes.c_size_t(hook)), "remove a hook")
        self._flush_code()
        self._callbacks.pop(hook, None)

    def _flush_code(self) -> None:
        check(CALL.uc_ctl(self.handle, ctypes.c_uint32(_FLUSH_CODE)), "drop all translated code")

    def _add_hook(
        self, kind: int, function: Any, user_data: int = 0, instruction: int = 0, first: int = 1, last: int = 0
    ) -> int:
        """An empty range of addresses means: no range."""
        hook = ctypes.c_size_t()
        addresses = ctypes.c_uint64(first), ctypes.c_uint64(last)
        error = CALL.uc_hook_add(
            self.handle, ctypes.byref(hook), kind, function, ctypes.c_void_p(user_data), *addresses, instruction
        )
        check(error, "add a hook")
        self._callbacks[hook.value] = function
        return hook.value

    # registers

    def write_register(self, register: int, value: int) -> None:
        """Write a register of up to 64 bits."""
        cell = ctypes.c_uint64(value)
        check(CALL.uc_reg_write(self.handle, register, ctypes.byref(cell)), f"set register {register}")

    def read_register(self, register: int) -> int:
        """Read a register of up to 64 bits."""
        cell = ctypes.c_uint64()
        check(CALL.uc_reg_read(self.handle, register, ctypes.byref(cell)), f"read register {register}")
        return cell.value

    def write_gdtr(self, base: int, limit: int) -> None:
        """Point GDTR at a descriptor table; `limit` = its size in bytes - 1."""
        value = _SystemRegister(0, base, limit, 0)
        check(CALL.uc_reg_write(self.handle, x86.UC_X86_REG_GDTR, ctypes.byref(value)), "set GDTR")

    def write_msr(self, number: int, value: int) -> None:
        """Write a model-specific register."""
        cell = _ModelSpecificRegister(number, value)
        check(CALL.uc_reg_write(self.handle, x86.UC_X86_REG_MSR, ctypes.byref(cell)), f"set MSR {number:#x}")

    # whole states

    def state_size(self) -> int:
        """Bytes of a saved CPU state, header included."""
        CALL.uc_context_size.restype = ctypes.c_size_t
        size: int = CALL.uc_context_size(self.handle)
        return size

    def new_state(self) -> bytes:
        """A copy of the CPU state now, as a block that `restore` takes."""
        pointer = ctypes.c_void_p()
        check(CALL.uc_context_alloc(self.handle, ctypes.byref(pointer)), "allocate a CPU state")
        check(CALL.uc_context_save(self.handle, pointer), "save the CPU state")
        state = ctypes.string_at(pointer.value or 0, self.state_size())
        CALL.uc_context_free(pointer)
        return state

    def restore(self, state: bytes) -> None:
        """Make a saved state the CPU's; the TLB is not flushed."""
        check(CALL.uc_context_restore(self.handle, ctypes.c_char_p(state)), "restore a CPU state")

    # running and caches

    def start(self, pc: int) -> int:
        """Run from `pc` until a trap; returns Unicorn's error number (0: stopped by a hook)."""
        zero = ctypes.c_uint64(0)
        error: int = ENTER.uc_emu_start(self.handle, ctypes.c_uint64(pc), zero, zero, ctypes.c_size_t(0))
        return error

    def stop(self) -> None:
        """Ask a running engine to stop; callable from another host thread."""
        CALL.uc_emu_stop(self.handle)

    def flush_tlb(self) -> None:
        """Forget every cached translation of virtual addresses."""
        CALL.uc_ctl(self.handle, ctypes.c_uint32(_FLUSH_TLB))

    def remove_translated_code(self, start: int, end: int) -> None:
        """Drop translated code of the virtual range, through the current paging mode."""
        control = ctypes.c_uint32(_REMOVE_CACHE)
        check(CALL.uc_ctl(self.handle, control, ctypes.c_uint64(start), ctypes.c_uint64(end)), "drop translated code")
