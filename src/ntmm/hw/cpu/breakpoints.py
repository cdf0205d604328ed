"""Stopping before an instruction without touching the program: hooks of the engine, for debuggers.

Neither code bytes nor flags change, so no page is copied for a breakpoint and no program can see one. A hook on one
address costs nothing elsewhere: the engine compiles the call into that instruction alone. Single steps take a hook on
every instruction, which is slow, for as long as a step lasts.
"""

from collections.abc import Callable
from typing import Any, Final

from ntmm.hw.cpu.context import Context
from ntmm.hw.cpu.engine import Engine

_EVERYWHERE: Final = (1, 0)
"""An empty range means every address to the engine."""


class CodeBreakpoints:
    """Breakpoints by virtual address, and the one context that is being stepped."""

    def __init__(self, engine: Engine, running: Callable[[], Context | None]) -> None:
        """`running` answers the context that the engine executes."""
        self._engine = engine
        self._running = running
        self.is_wanted: Callable[[Context, int], bool] = lambda context, address: True
        """Slot: whether a context stops at an address that has a breakpoint; it may lie in another address space."""
        self._hooks: dict[int, int] = {}
        self._stepping: Context | None = None
        self._step_hook: int | None = None
        self._passing: dict[Context, int] = {}
        self._is_hit = False

    def add(self, address: int) -> None:
        """Stop before the instruction at a virtual address; nothing happens if there is a breakpoint."""
        if address not in self._hooks:
            self._hooks[address] = self._engine.add_code_hook(self._reach_place, address, address)

    def remove(self, address: int) -> None:
        """Take a breakpoint out, if there is one."""
        if address in self._hooks:
            self._engine.remove_hook(self._hooks.pop(address))

    def step(self, context: Context | None) -> None:
        """Stop before each instruction of this context; None ends it."""
        self._stepping = context
        if context is not None and self._step_hook is None:
            self._step_hook = self._engine.add_code_hook(self._reach_any, *_EVERYWHERE)
        elif context is None and self._step_hook is not None:
            self._engine.remove_hook(self._step_hook)
            self._step_hook = None

    def pass_over(self, context: Context) -> None:
        """Let a context execute the instruction at its pc without being stopped there."""
        self._passing[context] = context.pc

    def has_passed(self, context: Context) -> bool:
        """False from `pass_over` until the engine has begun that instruction."""
        return context not in self._passing

    def take_hit(self) -> bool:
        """True once after the engine was stopped here."""
        was_hit, self._is_hit = self._is_hit, False
        return was_hit

    def _reach_place(self, _handle: Any, address: int, _size: int, _user_data: Any) -> None:
        """Called inside the engine before an instruction that has a breakpoint: it must not raise."""
        if self._step_hook is None:  # during a step the other hook does it all
            self._reach(address)

    def _reach_any(self, _handle: Any, address: int, _size: int, _user_data: Any) -> None:
        """Called inside the engine before each instruction of a step: it must not raise."""
        self._reach(address)

    def _reach(self, address: int) -> None:
        context = self._running()
        if context is None or self._is_hit:
            return
        if context is not self._stepping and not (address in self._hooks and self.is_wanted(context, address)):
            return
        if self._passing.pop(context, None) != address:
            self._is_hit = True
            self._engine.stop()
