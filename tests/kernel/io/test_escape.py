"""No path, link or name leads out of the folder."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntmm.kernel.io.constants import FILE_GENERIC_WRITE, Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.paths import nt_path
from ntmm.kernel.io.volume import OpenRequest, Volume
from ntmm.nt.status import Status
from tests.kernel.io.opening import content, delete, names, opened, rename, write


@pytest.fixture
def linked(folder: Path, tmp_path: Path) -> Path:
    (folder / "sub").mkdir()
    (folder / "sub" / "inside.txt").write_text("inside")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file.txt").write_text("outside")
    links = {
        "absolute": str(outside),
        "relative": "../outside",
        "up": "..",
        "far": "../../../../../../..",
        "secret": "../secret.txt",
        "zigzag": "sub/../../outside",
        "loop": "loop",
        "dangling": "nowhere",
        "dangling-out": str(tmp_path / "new.txt"),
        "chain": "relative/file.txt",
    }
    for name, target in links.items():
        os.symlink(target, folder / name)
    os.symlink("../up", folder / "sub" / "climb")
    os.symlink("sub", folder / "good")
    os.symlink(str(folder / "sub" / "inside.txt"), folder / "good-file")
    return folder


ESCAPES = [
    "absolute\\file.txt",
    "relative\\file.txt",
    "up\\secret.txt",
    "far\\etc\\passwd",
    "secret",
    "zigzag\\file.txt",
    "loop",
    "loop\\x",
    "chain",
    "sub\\climb\\secret.txt",
    "good\\climb\\secret.txt",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_does_a_link_that_leads_out_deny_access(linked: Path, volume: Volume, path: str) -> None:
    for request in (OpenRequest(1), OpenRequest(FILE_GENERIC_WRITE, disposition=Disposition.OVERWRITE_IF)):
        with pytest.raises(IoFailure) as failure:
            volume.open(nt_path(path, "C:\\"), request)
        assert failure.value.status is Status.ACCESS_DENIED


def test_can_a_file_be_created_through_a_link_to_nothing(linked: Path, volume: Volume, tmp_path: Path) -> None:
    for name in ("dangling", "dangling-out"):
        with pytest.raises(IoFailure):
            write(volume, name, b"x")
    assert not (tmp_path / "new.txt").exists()
    assert not (linked / "nowhere").exists()


def test_are_links_inside_the_folder_followed(linked: Path, volume: Volume) -> None:
    assert content(volume, "good\\INSIDE.txt") == b"inside"
    assert content(volume, "good-file") == b"inside"


def test_does_a_listing_leave_out_what_cannot_be_opened(linked: Path, volume: Volume) -> None:
    os.mkfifo(linked / "pipe")
    (linked / "a:b").write_text("")
    (linked / "aux.c").write_text("")
    (linked / "dot.").write_text("")
    os.close(os.open(os.fsencode(linked) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    assert names(volume) == ["good", "good-file", "sub"]


def test_does_a_pipe_of_the_host_block(folder: Path, volume: Volume) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(IoFailure):
        opened(volume, "pipe")


def test_is_a_link_deleted_or_renamed_through(linked: Path, volume: Volume) -> None:
    with pytest.raises(IoFailure):
        delete(volume, "good-file")
    with pytest.raises(IoFailure):
        rename(volume, "good-file", "moved")
    assert (linked / "sub" / "inside.txt").exists()


def test_does_a_folder_swapped_for_a_link_lead_out(linked: Path, volume: Volume, tmp_path: Path) -> None:
    folder = opened(volume, "sub", 1, options=1)
    (linked / "sub").rename(linked / "old")
    os.symlink(tmp_path / "outside", linked / "sub")
    with pytest.raises(IoFailure):
        volume.entries(folder)
    folder.close()


SYNTAX = ["..", ".", "\\", "\\", "\\", "/", "C:", "\\\\?\\C:\\", "\\\\.\\", " ", ":"]
LINKS = ["up", "far", "relative", "absolute", "climb", "good", "loop"]
PLAIN = ["sub", "secret.txt", "file.txt", "outside", "inside.txt", "etc", "passwd", "Windows", "Temp"]
PIECES = st.sampled_from(SYNTAX + LINKS + PLAIN)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(path=st.lists(PIECES, max_size=10).map("".join), writes=st.booleans())
def test_does_any_path_reach_outside(linked: Path, volume: Volume, tmp_path: Path, path: str, writes: bool) -> None:
    request = OpenRequest(FILE_GENERIC_WRITE, disposition=Disposition.OVERWRITE_IF) if writes else OpenRequest(1)
    try:
        file = volume.open(nt_path(path, "C:\\sub"), request).file
    except IoFailure:
        pass
    else:
        if writes and not file.is_directory:
            file.write(0, b"written")
        elif not file.is_directory:
            assert b"outside" not in file.read(0, 100) and b"secret" not in file.read(0, 100)
        file.close()
    assert (tmp_path / "secret.txt").read_text() == "secret"
    assert sorted(entry.name for entry in (tmp_path / "outside").iterdir()) == ["file.txt"]
    assert (tmp_path / "outside" / "file.txt").read_text() == "outside"
    assert {entry.name for entry in tmp_path.iterdir()} <= {"drive", "outside", "overlay", "secret.txt"}
