"""A scheduler whose threads are unwound when the test is over."""

from collections.abc import Iterator

import pytest

from tests.kernel.ke.kernel_threads import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.scheduler.drop_all()
