"""The processor: runs a context until a trap, then returns the reason, as a virtual machine returns to its monitor."""

import threading
import time
from collections.abc import Mapping, Sequence
from ctypes import c_size_t, c_uint64
from threading import get_ident

from ntmm.hw.arch import Architecture
from ntmm.hw.cpu import floating_point
from ntmm.hw.cpu.breakpoints import CodeBreakpoints
from ntmm.hw.cpu.calibration import HIDDEN_LONG_MODE, Slots, state_layout, with_word
from ntmm.hw.cpu.code_counter import CodeCounter
from ntmm.hw.cpu.context import Context, RegisterFile
from ntmm.hw.cpu.descriptors import selectors_of, teb_descriptor
from ntmm.hw.cpu.engine import CALL, ENTER, INVALID_INSTRUCTION, REFUSED, CpuError, Engine, describe, version
from ntmm.hw.cpu.exits import ExitReason, Vector
from ntmm.hw.cpu.ring3 import RETURN_OFFSET, SupervisorArea, enter_ring3
from ntmm.hw.cpu.translated_code import TranslatedCode
from ntmm.hw.ram import Ram

_RESTORE, _SAVE, _START = CALL.uc_context_restore, CALL.uc_context_save, ENTER.uc_emu_start
_ZERO, _NO_COUNT = c_uint64(0), c_size_t(0)
_PAGE_FAULT = int(Vector.PAGE_FAULT)
_SYSTEM_CALL = int(Vector.SYSTEM_CALL)
_USER_GATES = frozenset({3, 4, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E})
"""Vectors Windows lets ring 3 raise with an `int` instruction; the others are general protection faults."""
_FIRST_GROWTH, _LONGEST_GROWTH = 192, 3072
"""Entries after which the TLB is flushed so that it may grow: 3/4 of its entries at each size, 256 to 4096."""
_STOP_RETRY_SECONDS = 0.0005


class Cpu:
    """One processor over the machine's RAM. Not re-entrant: one host thread runs it at a time.

    What arrives how (measured with Unicorn 2.1.4 on all three architectures):

    ==========================  ============  ======================================================
    `div` by zero               vector 0      pc at the instruction
    TF set                      vector 1      pc at the next instruction; the flag stays set
    `int3`, `int n`, `into`     vector n      pc behind it (x64 has no `into`)
    `bound`                     vector 5      pc at the instruction
    `ud2`, AVX, unknown bytes   vector 6      pc at the instruction
    privileged, `rdtsc`          vector 13     pc at the instruction, error code 0
    `sysenter`                  vector 13     pc at the instruction, error code 0
    `syscall` on 32 bits        vector 6      pc at the instruction
    `icebp` (F1)                vector 6      not 1 as on hardware
    bad selector                vector 13     error code = selector
    `int n` Windows forbids     vector 13     pc at the instruction, error code n * 8 + 2
    ==========================  ============  ======================================================

    Gap: the engine does not check the I/O privilege level, so `in` and `out` in ring 3 do nothing instead of raising
    vector 13. Misaligned accesses never fault, `movaps` included.
    """

    def __init__(self, ram: Ram, architecture: Architecture, area: SupervisorArea) -> None:
        """Open the engine over `ram`; `boot` must follow before a context can be made."""
        layout = state_layout()
        self.architecture = architecture
        self.slots: Slots = layout.slots
        self.vector = -1
        self.error_code = 0
        self.fault_address = 0
        self.page_fault_count = 0
        self.entry_count = 0
        self._ram, self._area, self._layout = ram, area, layout
        self._engine = Engine(architecture.bits, ram.size, ram.address)
        self._handle = self._engine.handle
        self._handle_value: int = self._engine.handle.value or 0
        self._vectors = self._engine.vectors
        self._files = {bits: RegisterFile(layout, architecture, bits) for bits in {32, architecture.bits}}
        self._code = TranslatedCode(self._engine, ram, architecture, self._physical_state())
        self._blocks = self._code.blocks
        self._counter = CodeCounter(self._engine)
        self.breakpoints = CodeBreakpoints(self._engine, lambda: self._current)
        """For debuggers; nothing the program could notice."""
        self._error_slot, self._old_exception = layout.error_code, layout.old_exception
        self._fault_slot = layout.slots.cr2
        self._templates: dict[int, bytes] = {}
        """By the bits of programs: the state in ring 3 that their threads start from."""
        self._kernel_template: bytes | None = None
        self._current: Context | None = None
        self._page_directory = 0
        self._stale = self._attention = self._stop_requested = False
        self._stop_lock = threading.RLock()  # re-entrant: a signal handler may ask while its thread is asking
        self._running_thread = 0
        self._next_growth = self._growth_interval = _FIRST_GROWTH

    def _physical_state(self) -> bytes:
        """The state at reset: paging off, ring 0. The long-mode bit keeps physical addresses above 4 GB whole."""
        state = self._engine.new_state()
        index = self._layout.hidden_flags
        return with_word(state, index, memoryview(state).cast("i")[index] | HIDDEN_LONG_MODE)

    def boot(self, page_directory: int) -> None:
        """Fill the supervisor pages and enter ring 3 once; the tables under `page_directory` must map those pages."""
        reset = self._engine.new_state()
        for bits in sorted(self._files):  # the machine's own last: its state in ring 0 is the kernel's
            self._engine.restore(reset)
            self._engine.flush_tlb()
            states = enter_ring3(self._engine, self._ram, self.architecture, self._area, page_directory, bits)
            self._templates[bits] = with_word(states.user, self._old_exception, -1)
            self._kernel_template = with_word(states.kernel, self._old_exception, -1)
        self._page_directory = page_directory
        self._code.collect(page_directory)

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()

    # contexts

    def create_context(
        self,
        page_directory: int,
        pc: int,
        sp: int,
        teb_base: int = 0,
        registers: Mapping[str, int] | None = None,
        bits: int | None = None,
    ) -> Context:
        """A new thread's registers, in ring 3 with interrupts enabled and all not named ones zero.

        `bits` 32 on a 64-bit machine makes it run in compatibility mode.
        """
        if not self._templates:
            raise CpuError("The CPU has not been booted, so no context can be made.")
        bits = bits or self.architecture.bits
        context = Context(self._files[bits], self._templates[bits])
        self._fill(context, page_directory, pc, sp, teb_base, registers or {})
        return context

    def create_kernel_context(
        self, page_directory: int, pc: int, sp: int, registers: Mapping[str, int] | None = None
    ) -> Context:
        """Registers of a routine that runs in ring 0, where only system space is its own (a driver's).

        `run` answers PAGE_FAULT for its faults, without FAULT_USER, and SYSTEM_CALL when it returns to
        `return_address`.
        """
        if self._kernel_template is None:
            raise CpuError("The CPU has not been booted, so no context can be made.")
        context = Context(self._files[self.architecture.bits], self._kernel_template)
        self._fill(context, page_directory, pc, sp, 0, registers or {})
        return context

    @property
    def return_address(self) -> int:
        """Where code in ring 0 goes to end its run."""
        return self._area.code_virtual + RETURN_OFFSET

    def restore_context(
        self, context: Context, page_directory: int, pc: int, sp: int, teb_base: int, registers: Mapping[str, int]
    ) -> None:
        """As `create_context`, for a context that was dropped: those who hold it find the registers given here."""
        assert context.is_dropped
        context.load(self._templates[context.bits])
        self._fill(context, page_directory, pc, sp, teb_base, registers)

    def _fill(
        self,
        context: Context,
        page_directory: int,
        pc: int,
        sp: int,
        teb_base: int,
        registers: Mapping[str, int],
    ) -> None:
        for slot in self._files[self.architecture.bits].slot_of.values():
            context.u64[slot] = 0
        context.page_directory, context.pc, context.sp, context.teb_base = page_directory, pc, sp, teb_base
        for name, value in registers.items():
            context.set(name, value)

    def read_float_state(self, context: Context) -> bytes:
        """The x87, MXCSR and XMM registers as a 512-byte FXSAVE image."""
        return floating_point.read_float_state(context, _xmm_registers(context))

    def write_float_state(self, context: Context, image: bytes) -> None:
        """Load a 512-byte FXSAVE image; raises ValueError for another size."""
        floating_point.write_float_state(context, image, _xmm_registers(context))

    # running

    def run(self, context: Context) -> ExitReason:
        """Run `context` until something needs the kernel.

        Afterwards the context holds the thread's registers, and `vector`, `error_code`, `fault_address` describe the
        trap (each meaningful only for the reasons that name it). Raises CpuError if the engine itself fails.
        """
        self._running_thread = get_ident()  # before the stop request is looked at: request_stop looks in reverse order
        if (self._attention or context is not self._current or context.moved) and self._prepare(context):
            return ExitReason.STOPPED
        self.entry_count += 1
        if self.entry_count == self._next_growth:
            self._let_tlb_grow()
        pointer, handle, words = context.pointer, self._handle, context.i32
        _RESTORE(handle, pointer)
        error = _START(handle, context.pc_cell, _ZERO, _ZERO, _NO_COUNT)
        self._running_thread = 0
        _SAVE(handle, pointer)
        if self._blocks:
            self._code.collect(self._page_directory)
        vector = self._vectors.pop(self._handle_value, -1)
        if vector == _SYSTEM_CALL:
            return ExitReason.SYSTEM_CALL
        if words[self._old_exception] == _PAGE_FAULT:  # an `int 0Eh` does not set it
            words[self._old_exception] = -1
            self.error_code = words[self._error_slot]
            self.fault_address = context.u64[self._fault_slot]
            self.page_fault_count += 1
            return ExitReason.PAGE_FAULT
        return self._other_exit(context, vector, error)

    def _other_exit(self, context: Context, vector: int, error: int) -> ExitReason:
        context.i32[self._old_exception] = -1
        self.error_code = context.i32[self._error_slot]
        if error == INVALID_INSTRUCTION:
            vector, self.error_code = Vector.INVALID_OPCODE, 0
        elif error:
            raise CpuError(f"Unicorn {version()} failed at pc {context.pc:#x}: {describe(error)}.")
        elif vector < 0:
            return self._stopped_by_hook(context)
        elif vector & REFUSED:
            context.pc -= 2
            vector, self.error_code = vector & ~REFUSED, 0
        elif context.i32[self._layout.software_interrupt] and vector not in _USER_GATES:
            context.pc -= 2
            vector, self.error_code = Vector.GENERAL_PROTECTION, vector * 8 + 2
        self.vector = vector
        return ExitReason.EXCEPTION

    def _stopped_by_hook(self, context: Context) -> ExitReason:
        if self.breakpoints.take_hit():
            self._counter.count_no_rest()
            return ExitReason.BREAKPOINT
        return ExitReason.QUANTUM if self._counter.is_over else self._acknowledge_stop(context)

    def _acknowledge_stop(self, context: Context) -> ExitReason:
        with self._stop_lock:
            if not self._stop_requested:
                raise CpuError(f"Unicorn {version()} stopped at pc {context.pc:#x} without a reason.")
            self._stop_requested = False
        return ExitReason.STOPPED

    def _prepare(self, context: Context) -> bool:
        """Do what must happen before entering; True if a stop was requested instead."""
        self._attention = False  # before the flags it announces are read: another thread sets them in reverse order
        if self._stop_requested:
            self._attention = self._stale or bool(self._code.dropping)
            with self._stop_lock:
                self._stop_requested = False
            self._running_thread = 0
            return True
        if context is not self._current or context.moved:
            self._switch_to(context)
        if self._code.dropping:
            self._code.drop()
            self._stale = False
        if self._stale:
            self._engine.flush_tlb()
            self._stale = False
        return False

    def _let_tlb_grow(self) -> None:
        """The engine's TLB starts with 256 entries and doubles only when it is flushed while 70 % full.

        Measured: reading one word of each of 1,000 pages in turn costs 105-130 ns a page before, 5 ns after.
        """
        self._engine.flush_tlb()
        self._growth_interval = min(self._growth_interval * 2, _LONGEST_GROWTH)
        self._next_growth += self._growth_interval

    def _switch_to(self, context: Context) -> None:
        if context.page_directory != self._page_directory:
            self._page_directory = context.page_directory
            self._stale = True
        index = self._area.descriptors_physical + (selectors_of(self.architecture).teb & ~7) >> 3
        self._ram.u64[index] = teb_descriptor(context.teb_base & 0xFFFFFFFF)
        context.moved = False
        self._current = context

    # counting code

    def count_code(self, limit: int) -> None:
        """Count executed guest code, and make `run` return QUANTUM once `limit` bytes of it (> 0) have run from now on.

        Also begins the next quantum where code is counted already; `run` returns QUANTUM at once until it does.
        """
        self._counter.begin(limit)

    def stop_counting(self) -> None:
        """Run guest code uncounted and at full speed; nothing happens if it is."""
        self._counter.end()

    @property
    def code_bytes(self) -> int:
        """Bytes of guest code counted so far."""
        return self._counter.words[0]

    @property
    def code_counter(self) -> Sequence[int]:
        """A live view whose first item is `code_bytes`, for the clock."""
        return self._counter.words

    # what the kernel must tell the CPU

    def mark_stale(self) -> None:
        """A valid PTE lost rights, its frame, A or D, or became invalid: flush the TLB before the next entry.

        An entry that became valid, or only gained rights, needs no flush.
        """
        self._stale = self._attention = True

    def forget_code(self, frame: int) -> None:
        """The contents of `frame` change: drop code translated from it before the next entry (free if none)."""
        if self._code.forget(frame):
            self._attention = True

    def request_stop(self) -> None:
        """Make `run` return STOPPED soon; callable from any host thread, sticky until `run` has returned it once."""
        self._stop_requested = True
        self._attention = True
        if self._running_thread == get_ident():  # from a signal handler of the thread inside `run`
            threading.Thread(target=self._stop_until_noticed, daemon=True).start()
        else:
            self._stop_until_noticed()

    def cancel_stop(self) -> None:
        """Forget a stop request that nobody has noticed yet."""
        with self._stop_lock:
            self._stop_requested = False

    def _stop_until_noticed(self) -> None:
        while True:
            with self._stop_lock:  # so that no stop reaches the engine after the request was acknowledged
                if not (self._running_thread and self._stop_requested):
                    return
                self._engine.stop()  # may come just before the engine clears its own flag, so it is repeated
            time.sleep(_STOP_RETRY_SECONDS)


def _xmm_registers(context: Context) -> int:
    return 16 if context.bits == 64 else 8
