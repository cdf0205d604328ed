"""Each test of a process runs for both architectures."""

import pytest

from tests.loader.world import World


@pytest.fixture(params=[False, True], ids=["x86", "x64"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)
