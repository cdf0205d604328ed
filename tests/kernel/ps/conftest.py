"""Booted machines that are audited and closed; int3 ends the thread that runs it, with the status in EAX."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.ps import Thread
from ntmm.nt.profile import SystemProfile


@pytest.fixture(params=["x86", "pae", "x64"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernel]:
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile(architecture=request.param, ram=16 << 20), volume, checking=True)

    def end(thread: Thread, vector: int) -> None:
        wide = kernel.architecture.bits == 64
        kernel.ps.exit_thread(thread, thread.context.get("rax" if wide else "eax"))

    kernel.traps.exception = end
    yield kernel
    assert audit(kernel.mm) == []
    kernel.close()
    volume.close()
