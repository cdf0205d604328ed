"""Processes and threads: what belongs to a running program. May use `mm`, `io`, `ob`, `ke`."""

from ntmm.kernel.ps.process import Process
from ntmm.kernel.ps.thread import Thread

__all__ = ["Process", "Thread"]
