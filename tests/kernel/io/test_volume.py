import os
from pathlib import Path

import pytest

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_APPEND_DATA,
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_READONLY,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_GENERIC_READ,
    FILE_GENERIC_WRITE,
    FILE_NON_DIRECTORY_FILE,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
    Disposition,
    OpenAction,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.information import TimeChange
from ntmm.kernel.io.paths import nt_path
from ntmm.kernel.io.quota import DiskQuota
from ntmm.kernel.io.volume import OpenRequest, Volume
from ntmm.nt.status import Status
from tests.kernel.io.opening import (
    EVERYTHING,
    content,
    delete,
    make_folder,
    names,
    open_any,
    opened,
    rename,
    write,
)


def refused(status: Status) -> pytest.RaisesExc[IoFailure]:
    return pytest.raises(IoFailure, match=status.name)


@pytest.mark.parametrize(
    ("disposition", "exists", "outcome"),
    [
        (Disposition.SUPERSEDE, True, OpenAction.SUPERSEDED),
        (Disposition.SUPERSEDE, False, OpenAction.CREATED),
        (Disposition.OPEN, True, OpenAction.OPENED),
        (Disposition.OPEN, False, Status.OBJECT_NAME_NOT_FOUND),
        (Disposition.CREATE, True, Status.OBJECT_NAME_COLLISION),
        (Disposition.CREATE, False, OpenAction.CREATED),
        (Disposition.OPEN_IF, True, OpenAction.OPENED),
        (Disposition.OPEN_IF, False, OpenAction.CREATED),
        (Disposition.OVERWRITE, True, OpenAction.OVERWRITTEN),
        (Disposition.OVERWRITE, False, Status.OBJECT_NAME_NOT_FOUND),
        (Disposition.OVERWRITE_IF, True, OpenAction.OVERWRITTEN),
        (Disposition.OVERWRITE_IF, False, OpenAction.CREATED),
    ],
)
def test_what_each_disposition_does(
    folder: Path, volume: Volume, disposition: Disposition, exists: bool, outcome: OpenAction | Status
) -> None:
    if exists:
        (folder / "File.txt").write_text("old")
    request = OpenRequest(FILE_GENERIC_WRITE, disposition=disposition)
    if isinstance(outcome, Status):
        with refused(outcome):
            volume.open(nt_path("file.TXT", "C:\\"), request)
        return
    result = volume.open(nt_path("file.TXT", "C:\\"), request)
    result.file.close()
    assert result.action is outcome
    assert content(volume, "file.txt") == (b"old" if outcome is OpenAction.OPENED else b"")


def test_is_the_spelling_of_an_existing_name_kept(folder: Path, volume: Volume) -> None:
    (folder / "ReadMe").write_text("x")
    write(volume, "README", b"y")
    assert names(volume) == ["ReadMe"]


def test_does_an_exact_name_win_over_another_case(folder: Path, volume: Volume) -> None:
    (folder / "a").write_text("lower")
    (folder / "A").write_text("upper")
    assert content(volume, "a") == b"lower"
    assert content(volume, "A") == b"upper"


def test_missing_file_or_missing_folder(volume: Volume) -> None:
    with refused(Status.OBJECT_NAME_NOT_FOUND):
        opened(volume, "missing")
    with refused(Status.OBJECT_PATH_NOT_FOUND):
        opened(volume, "missing\\file")
    write(volume, "file", b"")
    with refused(Status.OBJECT_PATH_NOT_FOUND):
        opened(volume, "file\\below")


def test_do_folders_and_files_stay_apart(volume: Volume) -> None:
    make_folder(volume, "folder")
    write(volume, "file", b"")
    with refused(Status.FILE_IS_A_DIRECTORY):
        opened(volume, "folder", options=FILE_NON_DIRECTORY_FILE)
    with refused(Status.NOT_A_DIRECTORY):
        opened(volume, "file", options=FILE_DIRECTORY_FILE)
    with refused(Status.OBJECT_NAME_COLLISION):
        make_folder(volume, "FILE")
    with refused(Status.INVALID_DEVICE_REQUEST):
        opened(volume, "folder").read(0, 1)


def test_are_reads_and_writes_at_their_offsets(volume: Volume) -> None:
    file = opened(volume, "f", EVERYTHING, disposition=Disposition.CREATE)
    assert file.write(5, b"xy") == 2
    assert file.size == 7
    assert file.read(0, 100) == b"\0\0\0\0\0xy"
    file.set_size(6)
    assert file.read(5, 100) == b"x"
    assert file.read(100, 1) == b""
    file.close()


def test_does_append_access_write_at_the_end(volume: Volume) -> None:
    write(volume, "log", b"one")
    file = opened(volume, "log", FILE_APPEND_DATA)
    file.write(0, b"two")
    file.close()
    assert content(volume, "log") == b"onetwo"


def test_is_access_checked(volume: Volume) -> None:
    write(volume, "f", b"x")
    reader, writer = opened(volume, "f"), opened(volume, "f", FILE_GENERIC_WRITE)
    for forbidden in (lambda: reader.write(0, b""), lambda: reader.set_size(0), lambda: writer.read(0, 1)):
        with refused(Status.ACCESS_DENIED):
            forbidden()
    with refused(Status.ACCESS_DENIED):
        reader.set_delete_pending(True)
    reader.close()
    writer.close()


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ((FILE_GENERIC_READ, FILE_SHARE_READ), (FILE_GENERIC_READ, FILE_SHARE_READ), True),
        ((FILE_GENERIC_READ, 0), (FILE_GENERIC_READ, FILE_SHARE_READ), False),
        ((FILE_GENERIC_WRITE, FILE_SHARE_READ), (FILE_GENERIC_READ, FILE_SHARE_READ), False),
        ((FILE_GENERIC_WRITE, FILE_SHARE_READ), (FILE_GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE), True),
        ((FILE_GENERIC_READ, FILE_SHARE_READ), (DELETE, 7), False),
        ((FILE_GENERIC_READ, 7), (DELETE, FILE_SHARE_READ), True),
        ((FILE_GENERIC_READ, 0), (0x80, 0), True),
    ],
)
def test_which_opens_agree(volume: Volume, first: tuple[int, int], second: tuple[int, int], agree: bool) -> None:
    write(volume, "f", b"")
    holder = opened(volume, "f", *first)
    if agree:
        opened(volume, "F", *second).close()
    else:
        with refused(Status.SHARING_VIOLATION):
            opened(volume, "F", *second)
    holder.close()
    opened(volume, "f", FILE_GENERIC_WRITE, 0).close()


def test_does_a_deleted_file_stay_until_its_last_close(volume: Volume) -> None:
    write(volume, "f", b"data")
    first, second = opened(volume, "f", EVERYTHING), opened(volume, "f")
    first.set_delete_pending(True)
    with refused(Status.DELETE_PENDING):
        opened(volume, "f")
    first.close()
    assert second.read(0, 4) == b"data"
    second.close()
    assert names(volume) == []


def test_can_a_deletion_be_taken_back(volume: Volume) -> None:
    write(volume, "f", b"data")
    file = opened(volume, "f", DELETE)
    file.set_delete_pending(True)
    file.set_delete_pending(False)
    file.close()
    assert names(volume) == ["f"]


def test_does_delete_on_close_delete(volume: Volume) -> None:
    opened(volume, "tmp", EVERYTHING, disposition=Disposition.CREATE, options=FILE_DELETE_ON_CLOSE).close()
    assert names(volume) == []


def test_are_open_files_to_be_deleted_gone_after_the_volume_is_closed(folder: Path) -> None:
    volume = Volume(folder)
    opened(volume, "tmp", EVERYTHING, disposition=Disposition.CREATE, options=FILE_DELETE_ON_CLOSE)
    assert os.listdir(folder) == ["tmp"]
    volume.close()
    assert os.listdir(folder) == []


def test_is_a_full_folder_kept(volume: Volume) -> None:
    make_folder(volume, "d")
    write(volume, "d\\f", b"")
    with refused(Status.DIRECTORY_NOT_EMPTY):
        delete(volume, "d")
    delete(volume, "d\\f")
    delete(volume, "d")
    assert names(volume) == []


def test_does_the_read_only_attribute_protect(folder: Path, volume: Volume) -> None:
    (folder / "f").write_text("x")
    (folder / "f").chmod(0o444)
    with refused(Status.ACCESS_DENIED):
        opened(volume, "f", FILE_GENERIC_WRITE)
    with refused(Status.CANNOT_DELETE):
        delete(volume, "f")
    file = opened(volume, "f", 0x100)
    assert file.information().attributes & FILE_ATTRIBUTE_READONLY
    file.block.set_attributes(FILE_ATTRIBUTE_HIDDEN)
    assert file.information().attributes == FILE_ATTRIBUTE_HIDDEN
    with refused(Status.ACCESS_DENIED):
        write(volume, "f", b"y")
    file.block.set_attributes(FILE_ATTRIBUTE_ARCHIVE)
    file.close()
    write(volume, "f", b"y")


def test_do_times_reach_the_host_and_come_back(folder: Path) -> None:
    now = 130_000_000_000_000_000
    volume = Volume(folder, clock=lambda: now)
    write(volume, "f", b"x")
    assert (folder / "f").stat().st_mtime_ns == (now - 116_444_736_000_000_000) * 100
    file = opened(volume, "f", FILE_GENERIC_WRITE)
    file.block.set_times(TimeChange(creation=1 << 56, write=now + 10_000_000))
    known = file.information()
    file.close()
    assert (known.creation_time, known.write_time, known.access_time) == (1 << 56, now + 10_000_000, now + 10_000_000)
    assert volume.query("\\??\\C:\\f").write_time == now + 10_000_000
    volume.close()


def test_does_a_rename_move_replace_and_change_case(volume: Volume) -> None:
    write(volume, "a", b"a")
    write(volume, "b", b"b")
    make_folder(volume, "d")
    with refused(Status.OBJECT_NAME_COLLISION):
        rename(volume, "a", "b")
    rename(volume, "a", "b", replace=True)
    assert content(volume, "b") == b"a"
    rename(volume, "b", "d\\c")
    rename(volume, "d\\c", "d\\C")
    assert (names(volume), names(volume, "d")) == (["d"], ["C"])
    rename(volume, "d", "e")
    assert content(volume, "E\\c") == b"a"


def test_is_a_folder_moved_into_itself_or_while_in_use(volume: Volume) -> None:
    make_folder(volume, "d")
    write(volume, "d\\f", b"")
    with refused(Status.INVALID_PARAMETER):
        rename(volume, "d", "d\\e")
    inside = opened(volume, "d\\f")
    with refused(Status.ACCESS_DENIED):
        rename(volume, "d", "e")
    inside.close()


def test_does_an_open_file_keep_its_handle_over_a_rename(volume: Volume) -> None:
    write(volume, "a", b"x")
    file = opened(volume, "a", EVERYTHING)
    volume.rename(file, nt_path("b", "C:\\"), replace=False)
    file.write(1, b"y")
    assert content(volume, "b") == b"xy"
    file.close()
    with refused(Status.OBJECT_NAME_NOT_FOUND):
        opened(volume, "a")


def test_does_nul_swallow_and_give_nothing(volume: Volume) -> None:
    file = open_any(volume, "nul")
    assert file.write(0, b"abc") == 3
    assert file.read(0, 10) == b""


def test_is_windows_private_and_unlisted(folder: Path, volume: Volume) -> None:
    write(volume, "C:\\Windows\\Temp\\t", b"temporary")
    assert content(volume, "c:\\WINDOWS\\TEMP\\T") == b"temporary"
    assert names(volume, "C:\\Windows") == ["system32", "Temp"]
    assert names(volume) == []
    assert list(folder.iterdir()) == []
    with refused(Status.NOT_SAME_DEVICE):
        rename(volume, "C:\\Windows\\Temp\\t", "C:\\t")


def test_is_the_private_folder_gone_after_close(folder: Path) -> None:
    volume = Volume(folder)
    private = Path(volume._private_folder)
    assert private.is_dir()
    volume.close()
    assert not private.exists()


def test_is_the_disk_bounded(folder: Path) -> None:
    volume = Volume(folder, disk=DiskQuota(10))
    write(volume, "a", b"12345678")
    file = opened(volume, "b", EVERYTHING, disposition=Disposition.CREATE)
    with refused(Status.DISK_FULL):
        file.write(0, b"123")
    with refused(Status.DISK_FULL):
        file.set_size(1 << 40)
    delete(volume, "a")
    file.write(0, b"123")
    file.close()
    volume.close()


def test_are_listings_sorted_without_case(volume: Volume) -> None:
    for name in ("b", "A", "c", "_", "Ä", "1"):
        write(volume, name, b"")
    assert names(volume) == ["1", "A", "b", "c", "_", "Ä"]


def test_has_a_file_one_index(volume: Volume) -> None:
    write(volume, "a", b"")
    write(volume, "b", b"")
    first, second = volume.query("\\??\\C:\\a").index, volume.query("\\??\\C:\\b").index
    assert first != second
    assert volume.query("\\??\\C:\\A").index == first
