"""Are sizes read and written exactly?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.runner.sizes import parse_size, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("512K", 524288), ("64M", 67108864), ("64m", 67108864), ("64MB", 67108864), ("1GiB", 1 << 30)],
)
def test_is_a_size_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@given(st.integers(min_value=2, max_value=1 << 60))
def test_does_a_written_size_read_back(size: int) -> None:
    assert parse_size(size_text(size).replace(" bytes", "").replace(" ", "")) == size


@given(st.text())
def test_is_any_text_a_size_or_a_sentence(text: str) -> None:
    try:
        assert parse_size(text) > 0
    except ValueError as error:
        assert "is not a size" in str(error)  # noqa: PT017 - either outcome is right
