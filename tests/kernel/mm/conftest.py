"""A machine of each architecture, audited when its test is over."""

from collections.abc import Iterator

import pytest

from tests.kernel.mm.machine import ARCHITECTURES, FakeProcess, MemoryMachine


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> Iterator[MemoryMachine]:
    made = MemoryMachine(request.param)
    yield made
    made.check()


@pytest.fixture
def process(machine: MemoryMachine) -> FakeProcess:
    return machine.new_process()
