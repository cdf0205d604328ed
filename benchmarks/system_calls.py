"""(c) A cheap system call's round trip, against stopping and restarting an engine whose hook only stops it."""

import unicorn
from unicorn import x86_const

import ntmm.native.services  # noqa: F401 - registers the services
from benchmarks.result import Result, best_of, seconds
from benchmarks.small_machine import small_machine
from ntmm.native.dispatch import ServiceDispatcher
from ntmm.native.service_table import find_service

CALLS = 50_000

# next: mov eax, YIELD / int 2Eh / dec esi / jnz next / push 0 / push -1 / mov edx, esp / mov eax, TERMINATE / int 2Eh
LOOP_32 = "b8{} cd2e 4e 75f6 6a00 6aff 89e2 b8{} cd2e"


def measure() -> list[Result]:
    """NtYieldExecution with nobody to yield to: the shortest service there is."""
    ours, bare = best_of(5, _ours, _bare)
    round_trip, stop = ours / CALLS * 1e6, bare / CALLS * 1e6
    return [Result("(c) system call round trip", round_trip, stop, "us", round_trip / stop, at_most=2)]


def _ours() -> float:
    service = find_service("ntdll", "NtYieldExecution")
    assert service is not None
    end = find_service("ntdll", "NtTerminateProcess")
    assert end is not None
    words = [entry.number.to_bytes(4, "little").hex() for entry in (service, end)]
    with small_machine("pae", 64 << 20, bytes.fromhex(LOOP_32.format(*words)), 0x1000) as machine:
        kernel, process = machine.kernel, machine.process
        machine.thread.context.set("esi", CALLS)
        kernel.traps.system_call = ServiceDispatcher(kernel)
        kernel.ps.start(machine.thread)
        return seconds(lambda: kernel.scheduler.run(lambda: process.ended))


def _bare() -> float:
    """A flat engine, `int 2Eh` in a loop, a Python hook that only stops it."""
    engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_32)
    engine.mem_map(0x1000, 0x1000)
    engine.mem_write(0x1000, bytes.fromhex("cd2e ebfc"))
    engine.hook_add(unicorn.UC_HOOK_INTR, lambda uc, number, data: uc.emu_stop())

    def loop() -> None:
        for _ in range(CALLS):
            engine.emu_start(0x1000, 0)

    engine.reg_write(x86_const.UC_X86_REG_ESP, 0x1800)
    return seconds(loop)
