"""A booted machine with one thread about to run a few bytes of machine code."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ps import Process, Thread
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_EXECUTE_READWRITE, PAGE_READWRITE
from ntmm.nt.profile import PagingFileSize, SystemProfile

CODE_BYTES = 0x10000
STACK_BYTES = 1 << 20


@dataclass(frozen=True)
class SmallMachine:
    """`data` is the address of committed memory that was never touched, `folder` the host's that is C:."""

    kernel: Kernel
    process: Process
    thread: Thread
    data: int
    folder: Path


@contextmanager
def small_machine(
    architecture: str, ram: int, code: bytes, data_bytes: int, paging_files: tuple[PagingFileSize, ...] | None = None
) -> Iterator[SmallMachine]:
    """A machine whose thread begins at the first byte of `code`, with `data_bytes` of committed memory."""
    with tempfile.TemporaryDirectory() as folder:
        volume = Volume(Path(folder))
        kernel = Kernel(SystemProfile(architecture=architecture, ram=ram, paging_files=paging_files), volume)
        try:
            process = kernel.ps.create_process("benchmark")
            assert process is not None
            both = MEM_RESERVE | MEM_COMMIT
            _, start, _ = kernel.mm.allocate(process, 0, CODE_BYTES, both, PAGE_EXECUTE_READWRITE)
            process.memory.write(start, code)
            _, data, _ = kernel.mm.allocate(process, 0, data_bytes, both, PAGE_READWRITE)
            created = kernel.ps.create_thread(process, STACK_BYTES, 0x2000, start)
            assert created is not None
            yield SmallMachine(kernel, process, created[0], data, Path(folder))
        finally:
            kernel.close()
            volume.close()
