import io

import pytest

from ntmm.kernel.io.console import ConsoleFile, OutputLimit, OutputLimitReached
from ntmm.kernel.io.constants import FileType
from ntmm.kernel.io.failure import IoFailure


def test_do_bytes_pass_unchanged() -> None:
    stream = io.BytesIO()
    console = ConsoleFile(stream, is_input=False)
    assert console.write(0, b"a\r\n\xff") == 4
    assert stream.getvalue() == b"a\r\n\xff"
    assert console.file_type is FileType.PIPE


def test_is_input_read_to_its_end() -> None:
    console = ConsoleFile(io.BytesIO(b"abc"), is_input=True)
    assert [console.read(0, 2), console.read(0, 2), console.read(0, 2)] == [b"ab", b"c", b""]


def test_is_the_direction_checked() -> None:
    with pytest.raises(IoFailure):
        ConsoleFile(io.BytesIO(), is_input=True).write(0, b"x")
    with pytest.raises(IoFailure):
        ConsoleFile(io.BytesIO(), is_input=False).read(0, 1)


def test_does_output_stop_at_the_limit_of_both_streams() -> None:
    reached: list[bool] = []
    limit = OutputLimit(5, lambda: reached.append(True))
    out, error = io.BytesIO(), io.BytesIO()
    ConsoleFile(out, is_input=False, limit=limit).write(0, b"123")
    with pytest.raises(OutputLimitReached, match="more than 5 bytes"):
        ConsoleFile(error, is_input=False, limit=limit).write(0, b"456")
    assert (out.getvalue(), error.getvalue(), reached) == (b"123", b"45", [True])
