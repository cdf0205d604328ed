"""Loading drivers and calling their routines in ring 0, on a kernel stack of their own, with interrupts as they are."""

from typing import Final

from ntmm.hw.cpu import Context, Cpu, ExitReason
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.kernel_stack import KernelStack
from ntmm.kernel.mm.manager import HasSpace, MemoryManager
from ntmm.kernel.mm.system_images import SystemImage
from ntmm.nt.status import Status, is_error

_REGISTERS: Final = ("rcx", "rdx", "r8", "r9")
_SHADOW_WORDS: Final = 4
_STATUS_OF_VECTOR: Final = {0: Status.INTEGER_DIVIDE_BY_ZERO, 6: Status.ILLEGAL_INSTRUCTION, 3: Status.BREAKPOINT}


class Drivers:
    """The drivers of one machine."""

    def __init__(self, mm: MemoryManager, cpu: Cpu, clock: Clock) -> None:
        self._mm = mm
        self._cpu = cpu
        self._clock = clock

    def load(self, name: str, code: bytes, data_size: int = 0) -> SystemImage:
        """A driver of position-independent machine code, with `data_size` bytes of zeroed data on the pages behind it.

        Raises MemoryError where there is no room for it.
        """
        image = self._mm.system_images.load(name, code, data_size)
        if image is None:
            raise MemoryError(f"there is no memory for the driver {name}")
        return image

    def call(self, address: int, *arguments: int, process: HasSpace | None = None) -> int:
        """Runs the routine at an address in ring 0 until it returns, and answers EAX or RAX.

        `process` is the one in whose context it runs: its user half is there then. Up to four arguments, stdcall on 32
        bit. Raises Bugcheck for what a driver must not do.
        """
        assert len(arguments) <= len(_REGISTERS)
        stack = self._mm.kernel_stacks.create()
        if stack is None:
            raise MemoryError("there is no memory for a kernel stack")
        try:
            context = self._make_context(stack, address, arguments, process)
            self._run(context, process)
            return int(context.u64[self._cpu.slots.rax])
        finally:
            self._mm.kernel_stacks.delete(stack)

    def _make_context(
        self, stack: KernelStack, address: int, arguments: tuple[int, ...], process: HasSpace | None
    ) -> Context:
        size = self._mm.architecture.pointer_size
        directory = process.space.directory if process is not None else self._mm.system.tables.directory
        words = [self._cpu.return_address]
        registers: dict[str, int] = {}
        if size == 8:
            registers = dict(zip(_REGISTERS, arguments, strict=False))
            words += [0] * _SHADOW_WORDS
        else:
            words += arguments
        sp = (stack.base - len(words) * size & -16) - (8 if size == 8 else 0)
        self._mm.kernel_stacks.write(sp, b"".join(word.to_bytes(size, "little") for word in words))
        return self._cpu.create_kernel_context(directory, address, sp, registers)

    def _run(self, context: Context, process: HasSpace | None) -> None:
        while True:
            reason = self._cpu.run(context)
            self._clock.entries += 1
            if reason is ExitReason.SYSTEM_CALL:
                return
            if reason is ExitReason.PAGE_FAULT:
                self._page_fault(context, process)
            elif reason is ExitReason.EXCEPTION:
                self._stop(_STATUS_OF_VECTOR.get(self._cpu.vector, Status.ACCESS_VIOLATION), context.pc, 0, 0)

    def _page_fault(self, context: Context, process: HasSpace | None) -> None:
        address, error_code = self._cpu.fault_address, self._cpu.error_code
        if address > self._mm.layout.highest_user_address:
            self._mm.kernel_fault(address, error_code, context.pc, process)
            return
        status = Status.ACCESS_VIOLATION
        if process is not None:
            status = self._mm.cpu_fault(process.space, address, error_code, 0).status
        if is_error(status):
            self._stop(status, context.pc, error_code >> 1 & 1, address)

    def _stop(self, status: Status, pc: int, access: int, address: int) -> None:
        """An exception that no handler of the driver takes."""
        sentence = f"code in the kernel at {pc:#x} raised exception {status:#x}"
        raise Bugcheck(BugcheckCode.KMODE_EXCEPTION_NOT_HANDLED, sentence, status, pc, access, address)
