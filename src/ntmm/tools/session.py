"""A debugged run: the machine lives on a host thread of its own, so that Ctrl-C and the time limit reach it."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from types import TracebackType
from typing import Final, Self, TypeVar

from ntmm.runner.options import RunOptions
from ntmm.runner.run import prepared_run
from ntmm.tools import shell
from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import Result, Widths

_STOP_INTERVAL_SECONDS: Final = 0.05
"""How often a machine that must stop is asked again: it may have been deep in the kernel."""

_Answer = TypeVar("_Answer")


class DebugSession:
    """A context manager: entering loads the programs (raises UserError) and stops before the first instruction.

    `first` is that stop. Leaving closes the machine. `is_interrupted` tells that Ctrl-C came while a command was
    carried out, `is_out_of_time` that the programs have used up the time limit, in seconds of the host while they ran.
    """

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._pool = ThreadPoolExecutor(1, "ntmm-machine")
        self._resources = ExitStack()
        self._debugger: Debugger | None = None
        self._time_left = options.time_limit
        self.is_interrupted = self.is_out_of_time = False
        self.first: Result = Result("")

    def __enter__(self) -> Self:
        try:
            self.first = self._do(self._open)
        except BaseException:
            self._close()
            raise
        if self.is_interrupted:
            self._close()
            raise KeyboardInterrupt
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def _open(self) -> Result:
        prepared = self._resources.enter_context(prepared_run(self._options))
        self._debugger = Debugger(prepared.machine, prepared.session)
        self._resources.callback(self._debugger.close)
        return Result("", (self._debugger.begin(),))

    def _close(self) -> None:
        with self._pool:
            self._pool.submit(self._resources.close).result()

    @property
    def debugger(self) -> Debugger:
        """The debugger, to be looked at while no command is carried out."""
        assert self._debugger is not None
        return self._debugger

    @property
    def widths(self) -> Widths:
        """How wide the machine's numbers are in text."""
        return self.debugger.widths

    def execute(self, command: str) -> Result:
        """One command. A Ctrl-C while the program runs stops it in the debugger, as the time limit does."""
        self.is_interrupted = False
        return self._do(lambda: shell.execute(self.debugger, command))

    def _do(self, work: Callable[[], _Answer]) -> _Answer:
        """Has the machine's thread do something, and waits for it."""
        with self._noting_ctrl_c():
            future, before = self._pool.submit(work), time.monotonic()
            while not future.done():
                wait([future], _STOP_INTERVAL_SECONDS)
                before, passed = time.monotonic(), time.monotonic() - before
                if self._is_running:
                    self._use_time(passed)
                    if self.is_interrupted or self.is_out_of_time:
                        self.debugger.kernel.cpu.request_stop()
            return future.result()

    def _use_time(self, seconds: float) -> None:
        """The programs have run for so long; loading them and looking at them costs them nothing."""
        if self._time_left is not None:
            self._time_left = max(0.0, self._time_left - seconds)
            self.is_out_of_time = self._time_left == 0

    @contextmanager
    def _noting_ctrl_c(self) -> Iterator[None]:
        """Ctrl-C is only noted: an exception could come between any two instructions, and leave the machine running."""
        if current_thread() is not main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._note_ctrl_c)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _note_ctrl_c(self, number: int, frame: object) -> None:
        self.is_interrupted = True

    @property
    def _is_running(self) -> bool:
        return self._debugger is not None and self._debugger.is_running
