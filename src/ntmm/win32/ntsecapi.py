"""ntsecapi.h and bcrypt.h: random numbers, the same in every run."""

import hashlib

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.win32.process_state import state_of


@service("advapi32", "SystemFunction036", "p u32")
def SystemFunction036(call: Call, buffer: int, size: int) -> int:
    """RtlGenRandom."""
    _write_random(call, buffer, size)
    return 1


@service("bcryptprimitives", "ProcessPrng", "p p")
def ProcessPrng(call: Call, buffer: int, size: int) -> int:
    """RtlGenRandom, as newer programs ask for it."""
    _write_random(call, buffer, size)
    return 1


@service("bcrypt", "BCryptGenRandom", "p p u32 u32", lacks="algorithms of the caller's choice")
def BCryptGenRandom(call: Call, algorithm: int, buffer: int, size: int, flags: int) -> int:
    """Bytes of the system's own generator, which BCRYPT_USE_SYSTEM_PREFERRED_RNG (2) asks for."""
    if not flags & 2:
        return Status.NOT_IMPLEMENTED
    _write_random(call, buffer, size)
    return Status.SUCCESS


@service("ntdll", "NtmmRandomBytes", "p u32")
def NtmmRandomBytes(call: Call, buffer: int, size: int) -> int:
    """The same for guest code, which imports from ntdll and kernel32 only."""
    _write_random(call, buffer, size)
    return Status.SUCCESS


def _write_random(call: Call, buffer: int, size: int) -> None:
    state = state_of(call)
    for start in range(0, size, 32):
        seed = f"ntmm {call.process.id} {state.random_blocks}".encode()
        state.random_blocks += 1
        call.memory.write(buffer + start, hashlib.sha256(seed).digest()[: size - start])
