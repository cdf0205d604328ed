from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.win32.fake_call import make_call
from tests.win32.fake_memory import FakeMemory


@pytest.fixture(params=[4, 8], ids=["x86", "x64"])
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A call of a 32-bit and of a 64-bit process."""
    made = make_call(tmp_path, request.param)
    yield made
    made.kernel.volume.close()


@pytest.fixture
def mm(call: Any) -> FakeMemory:
    """The memory manager that the call's services see."""
    call.kernel.mm = FakeMemory()
    return call.kernel.mm  # type: ignore[no-any-return]
