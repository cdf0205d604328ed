"""A machine with a drive for each architecture."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.cc.machine import CachedMachine
from tests.kernel.mm.machine import ARCHITECTURES


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CachedMachine]:
    made = CachedMachine(request.param, tmp_path)
    yield made
    made.close()
