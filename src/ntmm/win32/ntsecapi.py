"""ntsecapi.h: random numbers."""

import hashlib

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.win32.process_state import state_of


@service("advapi32", "SystemFunction036", "p u32")
def SystemFunction036(call: Call, buffer: int, size: int) -> int:
    """RtlGenRandom: bytes that are the same in every run."""
    state = state_of(call)
    for start in range(0, size, 32):
        seed = f"ntmm {call.process.id} {state.random_blocks}".encode()
        state.random_blocks += 1
        call.memory.write(buffer + start, hashlib.sha256(seed).digest()[: size - start])
    return 1
