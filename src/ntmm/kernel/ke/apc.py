"""User-mode asynchronous procedure calls: KAPC, and KiInitializeUserApc, which makes a thread run one."""

import struct
from typing import Final, NamedTuple

from ntmm.hw.cpu import Context, Cpu
from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ke.exceptions import CONTEXT_32_SIZE, CONTEXT_64_SIZE, capture_context

_ARGUMENTS_32: Final = 16
_TRAP_FLAG: Final = 0x100


class UserApc(NamedTuple):
    """A routine of the program's with its three arguments: NormalContext, SystemArgument1 and SystemArgument2."""

    routine: int
    context: int = 0
    argument1: int = 0
    argument2: int = 0


def deliver_apc(cpu: Cpu, context: Context, memory: GuestMemory, apc: UserApc, dispatcher: int) -> None:
    """Puts the registers and the call on the user stack and makes the thread go on in KiUserApcDispatcher.

    x86: ESP points to the routine and its three arguments, the CONTEXT lies above them. x64: RSP points to the CONTEXT,
    whose first home words are the arguments and the routine. Raises GuestFault if the stack cannot hold them.
    """
    saved = bytearray(capture_context(cpu, context))
    if memory.pointer_size == 8:
        struct.pack_into("<4Q", saved, 0, apc.context, apc.argument1, apc.argument2, apc.routine)
        frame = (context.sp - CONTEXT_64_SIZE) & -16
        memory.write(frame, bytes(saved))
    else:
        frame = (context.sp - CONTEXT_32_SIZE - _ARGUMENTS_32) & 0xFFFFFFFC
        memory.write(frame, struct.pack("<4I", apc.routine, apc.context, apc.argument1, apc.argument2) + saved)
    context.sp = frame
    context.pc = dispatcher
    context.flags = context.flags & ~_TRAP_FLAG
