"""Do the guest's streams read, write and seek as C's, with Windows' line ends in text mode?"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.guest.host import Host

POINTER, SIZE, INT, TEXT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_char_p
EOF = -1


class Stream:
    """A FILE of the guest's run-time."""

    def __init__(self, host: Host, path: Path, mode: str) -> None:
        self._function = host.function
        self.file = host.function("fopen", POINTER, TEXT, TEXT)(str(path).encode(), mode.encode())
        assert self.file

    def write(self, data: bytes) -> int:
        return int(self._function("fwrite", SIZE, TEXT, SIZE, SIZE, POINTER)(data, 1, len(data), self.file))

    def read(self, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size + 1)
        done: int = self._function("fread", SIZE, POINTER, SIZE, SIZE, POINTER)(buffer, 1, size, self.file)
        return buffer.raw[:done]

    def line(self, room: int = 100) -> bytes | None:
        buffer = ctypes.create_string_buffer(room)
        found = self._function("fgets", POINTER, POINTER, INT, POINTER)(buffer, room, self.file)
        return buffer.value if found else None

    def get(self) -> int:
        return int(self._function("fgetc", INT, POINTER)(self.file))

    def unget(self, byte: int) -> int:
        return int(self._function("ungetc", INT, INT, POINTER)(byte, self.file))

    def put(self, byte: int) -> int:
        return int(self._function("fputc", INT, INT, POINTER)(byte, self.file))

    def tell(self) -> int:
        return int(self._function("ftell", ctypes.c_int32, POINTER)(self.file))

    def seek(self, distance: int, origin: int = 0) -> int:
        return int(self._function("fseek", INT, POINTER, ctypes.c_int32, INT)(self.file, distance, origin))

    def ask(self, name: str) -> int:
        return int(self._function(name, INT, POINTER)(self.file))

    def close(self) -> None:
        assert self._function("fclose", INT, POINTER)(self.file) == 0


Open = Callable[[Path, str], Stream]


@pytest.fixture
def open_stream(host: Host) -> Open:
    return lambda path, mode: Stream(host, path, mode)


def test_are_line_ends_translated_in_text_mode_only(open_stream: Open, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    for mode, expected in (("w", b"a\r\nb\r\r\n"), ("wb", b"a\nb\r\n")):
        stream = open_stream(path, mode)
        stream.write(b"a\nb\r\n")
        stream.close()
        assert path.read_bytes() == expected


def test_does_reading_in_text_mode_join_line_ends_and_stop_at_control_z(open_stream: Open, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\r\ntwo\rthree\n\r\n\x1aafter")
    stream = open_stream(path, "r")
    assert [stream.line(), stream.line(), stream.line(), stream.line()] == [b"one\n", b"two\rthree\n", b"\n", None]
    assert stream.ask("feof")
    stream.close()


pieces = st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"x", b"0123456789" * 30]), max_size=80)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(pieces, st.integers(1, 700))
def test_is_every_position_in_a_text_file_reached_again(
    open_stream: Open, tmp_path: Path, parts: list[bytes], step: int
) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"".join(parts))
    stream = open_stream(path, "r")
    positions, contents = [stream.tell()], []
    while piece := stream.read(step):
        contents.append(piece)
        positions.append(stream.tell())
    assert b"".join(contents) == b"".join(parts).replace(b"\r\n", b"\n")
    for position, piece in reversed(list(zip(positions, contents, strict=False))):
        stream.seek(position)
        assert stream.read(len(piece)) == piece
    stream.close()


actions = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 9000)),
        st.tuples(st.just("read"), st.integers(0, 9000)),
        st.tuples(st.just("seek"), st.integers(0, 20_000)),
        st.tuples(st.just("put"), st.integers(0, 255)),
    ),
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(actions)
def test_does_an_update_stream_agree_with_an_array(open_stream: Open, tmp_path: Path, script: list[Any]) -> None:
    path = tmp_path / "binary"
    stream, model, at, last = open_stream(path, "w+b"), bytearray(), 0, ""
    for number, (action, value) in enumerate(script):
        if last and action != "seek" and ("read" in (action, last)) and action != last:
            assert stream.seek(0, 1) == 0  # C asks for it between reading and writing
        last = action
        if action == "seek":
            assert stream.seek(value) == 0
            at = value
        elif action == "read":
            assert stream.read(value) == bytes(model[at : at + value])
            at = min(at + value, max(at, len(model)))
        else:
            data = bytes([number & 255]) * value if action == "write" else bytes([value])
            assert stream.write(data) == len(data) if action == "write" else stream.put(value) == value
            if data:
                model.extend(bytes(max(0, at - len(model))))
                model[at : at + len(data)] = data
                at += len(data)
        assert stream.tell() == at
    stream.close()
    assert path.read_bytes() == bytes(model)


def test_does_ungetc_give_a_byte_back(open_stream: Open, tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(b"AB")
    stream = open_stream(path, "rb")
    assert stream.unget(ord("x")) == ord("x")
    assert [stream.get(), stream.get(), stream.unget(ord("y")), stream.get(), stream.get()] == list(b"xAyyB")
    assert stream.get() == EOF
    assert stream.unget(ord("z")) == ord("z")
    assert not stream.ask("feof")
    assert stream.get() == ord("z")
    stream.close()


def test_does_appending_always_write_at_the_end(open_stream: Open, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"start ")
    stream = open_stream(path, "ab+")
    stream.seek(0)
    assert stream.read(2) == b"st"
    stream.seek(0)
    stream.write(b"end")
    stream.close()
    assert path.read_bytes() == b"start end"


@pytest.mark.parametrize(("mode", "errno"), [("r", 2), ("r,ccs=UTF-8", 22), ("q", 22), ("wx", 17)])
def test_which_errno_does_a_failing_fopen_set(host: Host, tmp_path: Path, mode: str, errno: int) -> None:
    (tmp_path / "there").touch()
    name = "there" if mode == "wx" else "absent"
    assert not host.function("fopen", POINTER, TEXT, TEXT)(str(tmp_path / name).encode(), mode.encode())
    assert host.function("_errno", ctypes.POINTER(INT))()[0] == errno


def test_does_a_buffered_stream_write_rarely(host: Host, open_stream: Open, tmp_path: Path) -> None:
    stream = open_stream(tmp_path / "many", "wb")
    before = host.word("host_traps").value
    for _ in range(10_000):
        stream.put(65)
    stream.close()
    assert host.word("host_traps").value - before == 3


def test_does_an_unbuffered_stream_write_each_printf_at_once(host: Host, open_stream: Open, tmp_path: Path) -> None:
    stream = open_stream(tmp_path / "unbuffered", "wb")
    host.function("setvbuf", INT, POINTER, POINTER, INT, SIZE)(stream.file, None, 4, 0)
    before = host.word("host_traps").value
    host.function("fprintf", INT, POINTER, TEXT)(stream.file, b"%s and %d\n", b"text", 5)
    assert host.word("host_traps").value - before == 1
    assert (tmp_path / "unbuffered").read_bytes() == b"text and 5\n"
    stream.close()
