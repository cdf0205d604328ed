"""The trap loop (KiTrap*, KiSystemService): runs a thread in user mode and hands each exit of the CPU to its slot."""

from collections.abc import Callable
from typing import Any

from ntmm.hw.cpu import Cpu, ExitReason
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.quantum import QuantumCounter
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread


class TimeLimitReached(Exception):
    """The user's time limit has passed; the message is one sentence."""


class UserThread(KernelThread):
    """A thread with user-mode registers in `context`."""

    context: Any


def _unfilled(*arguments: object) -> None:
    raise AssertionError("a trap slot was not filled at boot")


def _reach_time_limit(thread: UserThread, reason: ExitReason) -> None:
    raise TimeLimitReached("the time limit was reached before the program ended (--time-limit)")


class TrapLoop:
    """The slots, filled by `boot`: `page_fault(thread, address, error code)`, `system_call(thread)`,
    `exception(thread, vector)`; `stopped(thread, reason)` is called after `Cpu.request_stop`, which ends the run unless
    a debugger fills the slot, and at the debugger's breakpoints; `user_apc(thread)` makes it call its first user APC.
    """

    def __init__(self, cpu: Cpu, clock: Clock, scheduler: Scheduler) -> None:
        self._cpu = cpu
        self._clock = clock
        self._scheduler = scheduler
        self._quantum = QuantumCounter(cpu, clock, scheduler)
        self.page_fault: Callable[[Any, int, int], None] = _unfilled
        self.system_call: Callable[[Any], None] = _unfilled
        self.exception: Callable[[Any, int], None] = _unfilled
        self.stopped: Callable[[Any, ExitReason], None] = _reach_time_limit
        self.user_apc: Callable[[Any], None] = _unfilled

    def run(self, thread: UserThread) -> None:
        """Runs a thread until it ends (ThreadExit) or the run does (TimeLimitReached)."""
        cpu, clock, scheduler = self._cpu, self._clock, self._scheduler
        enter, context = cpu.run, thread.context
        page_fault, system_call, watch = self.page_fault, self.system_call, self._quantum.watch
        is_page_fault, is_system_call, is_exception, is_quantum = (
            ExitReason.PAGE_FAULT,
            ExitReason.SYSTEM_CALL,
            ExitReason.EXCEPTION,
            ExitReason.QUANTUM,
        )
        while True:
            reason = enter(context)
            clock.entries += 1
            if reason is is_page_fault:
                page_fault(thread, cpu.fault_address, cpu.error_code)
            elif reason is is_system_call:
                system_call(thread)
            elif reason is is_exception:
                self.exception(thread, cpu.vector)
            elif reason is not is_quantum:
                clock.entries -= 1  # what the host asks for takes no virtual time
                self.stopped(thread, reason)
                continue
            if clock.entries >= clock.alarm_entries:
                scheduler.expire_timers()
            if scheduler.attention:
                watch(thread)
                scheduler.take_turns()
            while thread.apc_pending:
                scheduler.deliver(thread)
                if thread.user_apc_pending:
                    self.user_apc(thread)
