"""Counts executed guest code by a native block hook, so that a quantum ends at the same instruction in every run.

The hook is machine code that Numba compiles once a process; Numba is imported only then. It slows tight loops to about
half and code bound by memory hardly at all, so it is installed only while threads compete for the processor.
"""

import ctypes
from functools import cache
from typing import Any, Final

from ntmm.hw.cpu.engine import STOP_ADDRESS, Engine

_COUNTED: Final = 0
_LIMIT: Final = 1
_IS_COUNTED: Final = 2


class CodeCounter:
    """`words[0]`: bytes of guest code counted so far; `words[1]`: the count at which the CPU is stopped;
    `words[2]`: not zero if the next block is the rest of one that was counted.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cells = (ctypes.c_uint64 * 3)()
        self.words = memoryview(self._cells).cast("B").cast("Q")
        self._hook: int | None = None

    @property
    def is_over(self) -> bool:
        """True if the limit is reached."""
        return self._hook is not None and self.words[_COUNTED] >= self.words[_LIMIT]

    def begin(self, limit: int) -> None:
        """Counts, and ends the quantum at the first block after `limit` bytes from now."""
        self.words[_LIMIT] = self.words[_COUNTED] + limit
        if self._hook is None:
            self.words[_IS_COUNTED] = 0
            self._hook = self._engine.add_block_hook(_native_hook().address, ctypes.addressof(self._cells))

    def count_no_rest(self) -> None:
        """The engine was stopped within a block and goes on there: its bytes are not counted twice."""
        if self._hook is not None:
            self.words[_IS_COUNTED] = 1

    def end(self) -> None:
        """Takes the hook out; guest code runs at full speed again."""
        if self._hook is not None:
            self._engine.remove_hook(self._hook)
            self._hook = None


@cache
def _native_hook() -> Any:
    import numba  # noqa: PLC0415 - half a second that most runs never need

    compiler: Any = numba  # whose types are not annotated
    carray, types = compiler.carray, compiler.types
    stop = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(STOP_ADDRESS)

    def count_block(engine: Any, pc: int, size: int, cells: Any) -> None:
        """Stops before a block once the limit is reached, so that what was counted was executed."""
        words = carray(cells, 3)
        if words[_IS_COUNTED]:
            words[_IS_COUNTED] = 0
        elif words[_COUNTED] >= words[_LIMIT]:
            stop(engine)
        else:
            words[_COUNTED] += size

    arguments = (types.voidptr, types.uint64, types.uint32, types.CPointer(types.uint64))
    return compiler.cfunc(types.void(*arguments))(count_block)
