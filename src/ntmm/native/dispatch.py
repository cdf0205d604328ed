"""The way into the services (KiSystemService): decodes arguments, calls the handler, stores its answer."""

import struct
from collections.abc import Callable

from ntmm.hw.cpu import Context, Cpu
from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.exceptions import ExceptionRecord
from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Thread
from ntmm.native.call import Call
from ntmm.native.service_table import MISSING_SERVICE, Service, services
from ntmm.nt.status import Status
from ntmm.trace import ApiCall

_FORMATS = {"p": "I", "h": "i", "u32": "I", "i32": "i", "u16": "Hxx", "u64": "Q", "i64": "q"}
_REGISTER_ARGUMENTS = 4
_HOME_SPACE = 0x28
"""On x64 the fifth argument lies above the return address and the four home slots."""

Decoder = Callable[[Call, Context], tuple[int, ...]]


def _signed32(value: int) -> int:
    return (value & 0x7FFFFFFF) - (value & 0x80000000)


def _signed64(value: int) -> int:
    return (value & 0x7FFFFFFFFFFFFFFF) - (value & 0x8000000000000000)


_CONVERT_64: dict[str, Callable[[int], int]] = {
    "p": lambda value: value,
    "h": _signed32,
    "u32": lambda value: value & 0xFFFFFFFF,
    "i32": _signed32,
    "u16": lambda value: value & 0xFFFF,
    "u64": lambda value: value,
    "i64": _signed64,
}


def _decoder_32(service: Service, cpu: Cpu) -> Decoder:
    layout = struct.Struct("<" + "".join(_FORMATS[kind] for kind in service.argument_kinds))
    edx = cpu.slots.rdx

    def decode(call: Call, context: Context) -> tuple[int, ...]:
        return layout.unpack(call.memory.read(context.u64[edx] & 0xFFFFFFFF, layout.size))

    return decode


def _decoder_64(service: Service, cpu: Cpu) -> Decoder:
    kinds = service.argument_kinds
    converters = [_CONVERT_64[kind] for kind in kinds]
    registers = (cpu.slots.r10, cpu.slots.rdx, cpu.slots.r8, cpu.slots.r9)[: len(kinds)]
    on_stack = max(0, len(kinds) - _REGISTER_ARGUMENTS)
    layout = struct.Struct(f"<{on_stack}Q")

    def decode(call: Call, context: Context) -> tuple[int, ...]:
        values = [context.u64[register] for register in registers]
        if on_stack:
            values += layout.unpack(call.memory.read(context.sp + _HOME_SPACE, layout.size))
        return tuple(convert(value) for convert, value in zip(converters, values, strict=True))

    return decode


class ServiceDispatcher:
    """Answers SYSTEM_CALL exits; counts calls of every service and notes missing imports that were called."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._cpu = kernel.cpu
        self._trace = kernel.trace
        self._rax, self._rdx = kernel.cpu.slots.rax, kernel.cpu.slots.rdx
        self._known: dict[int, dict[int, tuple[Service, Decoder | None]]] = {32: {}, 64: {}}
        """By the bits of the program, then by number."""
        self.counts = [0] * len(services)

    def __call__(self, thread: Thread) -> None:
        """Performs the service whose number is in EAX for `thread`."""
        context = thread.context
        number = context.u64[self._rax] & 0xFFFFFFFF
        known = self._known[context.bits].get(number)
        if known is None:
            known = self._prepare(thread, number)
            if known is None:
                return
        service, decode = known
        self.counts[number] += 1
        if self._trace.enabled:
            self._emit(thread, service)
        call: Call = thread.call or self._call_of(thread)
        try:
            result = service.handler(call) if decode is None else service.handler(call, *decode(call, context))
        except InvalidHandle as error:
            result = error.status if service.dll == "ntdll" else call.fail(error.status)
        except GuestFault as fault:
            result = self._fault(thread, service, fault)
        if result is not None:
            self._store(context, service, result)

    def _call_of(self, thread: Thread) -> Call:
        call = thread.call = Call(self._kernel, thread)
        return call

    def _prepare(self, thread: Thread, number: int) -> tuple[Service, Decoder | None] | None:
        """First call of a service: its decoder is made. None for a number that stands for no service."""
        if number >= len(self.counts):
            self._unknown(thread, number)
            return None
        service = services[number]
        bits = thread.context.bits
        make = _decoder_64 if bits == 64 else _decoder_32
        known = self._known[bits][number] = (service, make(service, self._cpu) if service.argument_kinds else None)
        return known

    def _emit(self, thread: Thread, service: Service) -> None:
        uptime = self._kernel.clock.uptime_100ns()
        self._trace.emit(ApiCall(uptime, thread.process.id, thread.id, service.dll, service.name))

    def _store(self, context: Context, service: Service, result: int) -> None:
        if context.bits == 64:
            context.u64[self._rax] = result & 0xFFFFFFFFFFFFFFFF
            return
        context.u64[self._rax] = result & 0xFFFFFFFF
        if service.returns_u64:
            context.u64[self._rdx] = result >> 32 & 0xFFFFFFFF

    def _fault(self, thread: Thread, service: Service, fault: GuestFault) -> int | None:
        """Bad pointers: a status from Nt services; an exception in the program from what Windows runs in user mode."""
        if service.dll == "ntdll":
            return fault.status
        self._kernel.raise_exception(
            thread, ExceptionRecord(fault.status, thread.context.pc, (fault.access, fault.address))
        )
        return None

    def _unknown(self, thread: Thread, number: int) -> None:
        if number == MISSING_SERVICE:
            index = thread.context.u64[self._rdx] & 0xFFFFFFFF
            thread.process.called_missing.add(index)
            self._kernel.raise_exception(thread, ExceptionRecord(Status.NOT_IMPLEMENTED, thread.context.pc))
        else:
            thread.context.u64[self._rax] = Status.NOT_IMPLEMENTED
