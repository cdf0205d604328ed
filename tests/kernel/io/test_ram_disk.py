"""Is a RAM disk a volume like C:, in the RAM that the system does not use?"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ntmm.hw.ram import Ram
from ntmm.kernel.io.constants import FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_READONLY
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.information import TimeChange
from ntmm.kernel.io.volume import Volume
from ntmm.nt.status import Status
from tests.kernel.io.opening import EVERYTHING, content, delete, make_folder, opened, rename, write

CLUSTER = 4096
SIZE = 64 * CLUSTER
LIMIT = 16 * CLUSTER


@pytest.fixture
def ram() -> Ram:
    """A machine whose system uses 16 pages."""
    return Ram(LIMIT, LIMIT + SIZE)


@pytest.fixture
def volume(ram: Ram, tmp_path: Path) -> Iterator[Volume]:
    volume = Volume(tmp_path)
    volume.mount_ram_disk("R:", ram.beyond)
    yield volume
    volume.close()


def free(volume: Volume) -> int:
    return volume.room_of("R:").free


def test_do_the_bytes_lie_in_the_ram_beyond_the_limit(volume: Volume, ram: Ram, tmp_path: Path) -> None:
    text = b"stored above the limit" * 500
    write(volume, "R:\\file", text)
    everything = (memoryview(bytearray(ram.bytes)), memoryview(bytearray(ram.beyond)))
    assert not any(everything[0])
    assert bytes(everything[1][: len(text)]) == text
    assert list(tmp_path.iterdir()) == []
    ram.beyond[7:12] = b"ABOVE"
    assert content(volume, "R:\\file") == text.replace(b"above", b"ABOVE", 1)


def test_does_the_system_never_see_that_ram(ram: Ram) -> None:
    assert (ram.size, len(ram.bytes), len(ram.u64)) == (LIMIT, LIMIT, LIMIT // 8)
    assert len(ram.beyond) == SIZE
    assert len(Ram(LIMIT).beyond) == 0


def test_are_the_drives_two_volumes(volume: Volume) -> None:
    write(volume, "C:\\name", b"on C")
    write(volume, "R:\\name", b"on R")
    hidden = opened(volume, "R:\\name", EVERYTHING)
    hidden.block.set_attributes(FILE_ATTRIBUTE_HIDDEN)
    hidden.close()
    assert (content(volume, "C:\\name"), content(volume, "r:\\NAME")) == (b"on C", b"on R")
    assert not volume.query("\\??\\C:\\name").attributes & FILE_ATTRIBUTE_HIDDEN
    assert volume.query("\\??\\R:\\name").attributes & FILE_ATTRIBUTE_HIDDEN
    with pytest.raises(IoFailure) as caught:
        rename(volume, "R:\\name", "C:\\other")
    assert caught.value.status is Status.NOT_SAME_DEVICE
    delete(volume, "R:\\name")
    assert content(volume, "C:\\name") == b"on C"


def test_is_a_drive_that_is_not_mounted_refused(volume: Volume) -> None:
    with pytest.raises(IoFailure) as caught:
        opened(volume, "S:\\name")
    assert caught.value.status is Status.OBJECT_PATH_NOT_FOUND


def test_has_it_no_windows_folder(volume: Volume) -> None:
    with pytest.raises(IoFailure):
        opened(volume, "R:\\Windows")
    make_folder(volume, "R:\\Windows")
    root = opened(volume, "R:\\")
    assert [entry.name for entry in volume.listing(root)] == ["Windows"]
    root.close()


def test_is_a_full_disk_told_before_anything_is_written(volume: Volume) -> None:
    write(volume, "R:\\kept", b"k" * (SIZE - CLUSTER))
    file = opened(volume, "R:\\file", EVERYTHING, disposition=2)
    with pytest.raises(IoFailure) as caught:
        file.write(0, bytes(CLUSTER + 1))
    assert (caught.value.status, file.size, free(volume)) == (Status.DISK_FULL, 0, CLUSTER)
    with pytest.raises(IoFailure):
        file.set_size(CLUSTER + 1)
    file.set_size(CLUSTER)
    assert free(volume) == 0
    with pytest.raises(IoFailure):
        file.block.extend(CLUSTER + 1)
    file.close()
    delete(volume, "R:\\file")
    assert free(volume) == CLUSTER
    assert content(volume, "R:\\kept") == b"k" * (SIZE - CLUSTER)


def test_does_a_new_file_show_nothing_of_a_deleted_one(volume: Volume) -> None:
    write(volume, "R:\\secret", b"s" * SIZE)
    delete(volume, "R:\\secret")
    file = opened(volume, "R:\\new", EVERYTHING, disposition=2)
    file.set_size(SIZE)
    assert not any(file.read(0, SIZE))
    file.write(0, b"x" * 100)
    file.set_size(10)
    file.set_size(200)
    assert file.read(0, 300) == b"x" * 10 + bytes(190)
    file.close()


def test_are_times_and_the_read_only_attribute_kept(volume: Volume) -> None:
    write(volume, "R:\\file", b"1")
    file = opened(volume, "R:\\file", EVERYTHING)
    file.block.set_times(TimeChange(write=127_000_000_000_000_000))
    file.block.set_attributes(FILE_ATTRIBUTE_READONLY)
    file.close()
    known = volume.query("\\??\\R:\\file")
    assert known.attributes & FILE_ATTRIBUTE_READONLY
    assert known.write_time == 127_000_000_000_000_000
    with pytest.raises(IoFailure) as caught:
        opened(volume, "R:\\file", EVERYTHING)
    assert caught.value.status is Status.ACCESS_DENIED


def test_does_it_hold_what_a_plain_model_holds(volume: Volume) -> None:
    random, model = Random(6), dict[str, bytes]()
    make_folder(volume, "R:\\d")
    for _ in range(400):
        name = random.choice(["R:\\a", "R:\\b", "R:\\d\\a", "R:\\d\\b"])
        other = random.choice(["R:\\c", "R:\\d\\c"])
        action = random.randrange(4)
        if action < 2:
            data = random.randbytes(random.randrange(3 * CLUSTER))
            write(volume, name, data)
            model[name] = data
        elif name in model and action == 2:
            delete(volume, name)
            del model[name]
        elif name in model:
            rename(volume, name, other, replace=True)
            model[other] = model.pop(name)
        used = sum(-(-len(data) // CLUSTER) * CLUSTER for data in model.values())
        assert free(volume) == SIZE - used
    assert {name: content(volume, name) for name in model} == model
