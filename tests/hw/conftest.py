"""Tiny machines as fixtures."""

from collections.abc import Callable

import pytest

from tests.hw.tiny_machine import TinyMachine


@pytest.fixture(params=["x86", "pae", "x64"])
def machine(request: pytest.FixtureRequest) -> TinyMachine:
    return TinyMachine(request.param)


@pytest.fixture
def machine_named() -> Callable[..., TinyMachine]:
    return TinyMachine
