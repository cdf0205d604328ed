"""A scheduler whose threads are unwound when the test is over, and booted machines that are closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.ps import Process
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_READWRITE
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import AT, Bench, Booted


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.scheduler.drop_all()


@pytest.fixture(params=["x86", "pae", "x64"])
def booted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Booted]:
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile(architecture=request.param, ram=16 << 20), volume)
    process = kernel.ps.create_process("test")
    assert isinstance(process, Process)
    status = kernel.mm.allocate(process, AT, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE).status
    assert status is Status.SUCCESS
    yield Booted(kernel, process)
    assert audit(kernel.mm) == []
    kernel.close()
    volume.close()
