import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.names import is_legal_name
from ntmm.kernel.io.paths import Device, full_path, nt_path, parse_nt_path
from ntmm.nt.status import Status

PATHS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(["..", ".", "\\", "/", "C:", "c:", "D:", "a", "B.txt", "NUL", "con", " ", ".", "\\\\?\\"])
        | st.sampled_from(["\\\\.\\", ":", "::$DATA", "*", "\0", "~1", "ä", "\\??\\", "GLOBALROOT", "x" * 260]),
        max_size=12,
    ).map("".join),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("file", "C:\\work\\file"),
        ("C:\\x", "C:\\x"),
        ("c:/x/y", "c:\\x\\y"),
        ("C:x", "C:\\work\\x"),
        ("\\x", "C:\\x"),
        ("..", "C:\\"),
        ("..\\..\\..\\x", "C:\\x"),
        (".\\a\\.\\b", "C:\\work\\a\\b"),
        ("a\\\\b", "C:\\work\\a\\b"),
        ("name. . ", "C:\\work\\name"),
        ("dir\\", "C:\\work\\dir\\"),
        ("dir.\\x", "C:\\work\\dir\\x"),
        ("D:x", "D:\\x"),
        ("nul", "\\\\.\\NUL"),
        ("x\\aux.c", "\\\\.\\AUX"),
        ("\\\\server\\share\\x", "\\\\server\\share\\x"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_what_the_full_path_is(path: str, expected: str) -> None:
    assert full_path(path, "C:\\work") == expected


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", Status.OBJECT_PATH_NOT_FOUND),
        ("D:\\x", Status.OBJECT_PATH_NOT_FOUND),
        ("\\\\server\\share\\x", Status.BAD_NETWORK_PATH),
        ("\\\\.\\PhysicalDrive0", Status.OBJECT_NAME_NOT_FOUND),
        ("\\\\.\\C:", Status.OBJECT_NAME_NOT_FOUND),
        ("\\\\?\\C:\\a\\..\\b", Status.OBJECT_NAME_INVALID),
        ("\\\\?\\C:\\a/b", Status.OBJECT_NAME_INVALID),
        ("\\\\?\\UNC\\server\\share", Status.OBJECT_PATH_NOT_FOUND),
        ("\\\\?\\GLOBALROOT\\Device\\x", Status.OBJECT_PATH_NOT_FOUND),
        ("C:\\file:stream", Status.OBJECT_NAME_INVALID),
        ("C:\\file::$DATA", Status.OBJECT_NAME_INVALID),
        ("C:\\a*b", Status.OBJECT_NAME_INVALID),
        ("con", Status.OBJECT_NAME_NOT_FOUND),
        ("C:\\" + "x" * 260, Status.NAME_TOO_LONG),
    ],
)
def test_which_paths_are_refused(path: str, status: Status) -> None:
    with pytest.raises(IoFailure) as failure:
        parse_nt_path(nt_path(path, "C:\\"))
    assert failure.value.status is status


def test_does_nul_open_the_null_device() -> None:
    for path in ("NUL", "nul.txt", "C:\\folder\\NUL", "\\\\.\\nul"):
        assert parse_nt_path(nt_path(path, "C:\\")).device is Device.NUL


def test_is_an_nt_path_taken_as_it_is() -> None:
    target = parse_nt_path("\\??\\C:\\Folder\\file")
    assert target.components == ("Folder", "file")
    assert parse_nt_path("\\??\\c:\\").components == ()
    assert parse_nt_path("\\??\\C:\\x\\").directory_only


@given(path=PATHS, current=st.sampled_from(["C:\\", "C:\\work", "C:\\a\\b"]))
def test_is_every_component_a_legal_name(path: str, current: str) -> None:
    try:
        target = parse_nt_path(nt_path(path, current))
    except IoFailure:
        return
    assert all(is_legal_name(name) for name in target.components)


@given(path=PATHS)
def test_is_every_component_of_an_nt_path_a_legal_name(path: str) -> None:
    for prefix in ("", "\\??\\", "\\??\\C:\\"):
        try:
            target = parse_nt_path(prefix + path)
        except IoFailure:
            continue
        assert all(is_legal_name(name) for name in target.components)
