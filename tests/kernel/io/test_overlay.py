"""With an overlay the host's folder is never touched, and the program cannot tell."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntmm.kernel.io.constants import FILE_GENERIC_READ, FILE_GENERIC_WRITE, Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.volume import Volume
from tests.kernel.io.opening import content, delete, make_folder, names, opened, rename, write


def snapshot(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    found: dict[str, tuple[bytes | None, int]] = {}
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (data, path.stat().st_mtime_ns)
    return found


@pytest.fixture
def filled(folder: Path) -> Path:
    (folder / "Docs" / "Deep").mkdir(parents=True)
    (folder / "Docs" / "a.txt").write_text("a")
    (folder / "Docs" / "Deep" / "b.txt").write_text("b")
    (folder / "top.txt").write_text("top")
    return folder


def test_is_the_host_untouched_and_are_the_changes_listed(filled: Path, overlaid: Volume) -> None:
    before = snapshot(filled)
    write(overlaid, "docs\\A.TXT", b"changed")
    write(overlaid, "docs\\deep\\new.txt", b"new")
    delete(overlaid, "top.txt")
    make_folder(overlaid, "empty")
    assert snapshot(filled) == before
    assert overlaid.changes() == [
        ("modified", "Docs\\a.txt"),
        ("created", "Docs\\Deep\\new.txt"),
        ("created", "empty"),
        ("deleted", "top.txt"),
    ]
    assert names(overlaid) == ["Docs", "empty"]
    assert content(overlaid, "Docs\\a.txt") == b"changed"
    assert names(overlaid, "Docs\\Deep") == ["b.txt", "new.txt"]


def test_does_an_open_reader_see_what_a_later_writer_writes(filled: Path, overlaid: Volume) -> None:
    reader = opened(overlaid, "top.txt", FILE_GENERIC_READ)
    assert reader.read(0, 10) == b"top"
    writer = opened(overlaid, "top.txt", FILE_GENERIC_WRITE)
    writer.write(0, b"TOP!")
    assert reader.read(0, 10) == b"TOP!"
    reader.close()
    writer.close()
    assert (filled / "top.txt").read_text() == "top"


def test_is_a_folder_made_again_empty(filled: Path, overlaid: Volume) -> None:
    delete(overlaid, "Docs\\Deep\\b.txt")
    delete(overlaid, "Docs\\Deep")
    make_folder(overlaid, "Docs\\deep")
    assert names(overlaid, "Docs\\Deep") == []


def test_does_a_folder_move_with_all_it_holds(filled: Path, overlaid: Volume) -> None:
    rename(overlaid, "Docs", "Moved")
    assert names(overlaid) == ["Moved", "top.txt"]
    assert content(overlaid, "Moved\\Deep\\b.txt") == b"b"
    with pytest.raises(IoFailure):
        opened(overlaid, "Docs\\a.txt")
    assert (filled / "Docs" / "a.txt").exists()


def test_do_the_changes_outlive_the_volume(filled: Path, tmp_path: Path) -> None:
    first = Volume(filled, tmp_path / "layer")
    write(first, "new", b"new")
    delete(first, "top.txt")
    first.close()
    second = Volume(filled, tmp_path / "layer")
    assert names(second) == ["Docs", "new"]
    assert second.changes() == [("created", "new"), ("deleted", "top.txt")]
    second.close()


def test_is_a_foreign_overlay_refused(filled: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "deleted.json").write_text("no list")
    with pytest.raises(ValueError, match="not an overlay"):
        Volume(filled, layer)


def test_is_a_file_behind_a_link_copied_where_it_is(filled: Path, overlaid: Volume) -> None:
    os.symlink("Docs", filled / "link")
    write(overlaid, "link\\a.txt", b"changed")
    assert content(overlaid, "Docs\\a.txt") == b"changed"
    assert (filled / "Docs" / "a.txt").read_text() == "a"


NAMES = st.sampled_from(["a", "b", "d", "d\\a", "d\\b", "e", "e\\a"])
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["write", "delete", "mkdir", "rename", "append"]), NAMES, NAMES), max_size=12
)


def act(volume: Volume, action: tuple[str, str, str]) -> str:
    kind, first, second = action
    try:
        if kind == "write":
            write(volume, first, second.encode())
        elif kind == "append":
            file = opened(volume, first, 4, disposition=Disposition.OPEN)
            file.write(0, b"+")
            file.close()
        elif kind == "delete":
            delete(volume, first)
        elif kind == "mkdir":
            make_folder(volume, first)
        else:
            rename(volume, first, second)
    except IoFailure as failure:
        return failure.status.name
    return "SUCCESS"


def contents(volume: Volume, folder: str = "C:\\") -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for name in names(volume, folder):
        path = folder.rstrip("\\") + "\\" + name
        if volume.query("\\??\\" + path).is_directory:
            found[path] = None
            found.update(contents(volume, path))
        else:
            found[path] = content(volume, path)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(actions=ACTIONS)
def test_does_an_overlay_behave_as_the_folder_itself(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, str, str]]
) -> None:
    places = [tmp_path_factory.mktemp("drive") for _ in range(2)]
    for place in places:
        (place / "d").mkdir()
        (place / "d" / "a").write_text("old")
        (place / "b").write_text("old")
    before = snapshot(places[1])
    plain = Volume(places[0])
    layered = Volume(places[1], tmp_path_factory.mktemp("layer"))
    try:
        for action in actions:
            assert act(plain, action) == act(layered, action)
            assert contents(plain) == contents(layered)
        assert snapshot(places[1]) == before
    finally:
        plain.close()
        layered.close()
