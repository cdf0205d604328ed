"""Does `ntmm imagecfg` tell which images are large-address-aware, and set the flag only on copies?"""

import json
import os
import shutil
from pathlib import Path

import pytest

from ntmm.cli import main
from ntmm.pe.flags import image_checksum, with_large_address_aware
from ntmm.pe.headers import parse_headers

SAMPLES = Path(__file__).parents[2] / "programs" / "bin"


def test_is_every_image_of_a_folder_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("x86", "x64"):
        shutil.copyfile(SAMPLES / folder / "hello.exe", tmp_path / f"{folder}.exe")
    (tmp_path / "readme.txt").write_text("no image")
    assert main(["imagecfg", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}/x64.exe: 64-bit program, large address aware, NX compatible",
        f"{tmp_path}/x86.exe: 32-bit program, NX compatible",
    ]


def test_is_the_flag_set_on_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original, copy, back = SAMPLES / "x86" / "hello.exe", tmp_path / "copy.exe", tmp_path / "back.exe"
    before = original.read_bytes()
    assert main(["imagecfg", str(original), "--large", str(copy)]) == 0
    assert original.read_bytes() == before
    assert main(["imagecfg", "--json", str(copy)]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"path": str(copy), "bits": 32, "is_dll": False, "large_address_aware": True, "nx_compatible": True}
    ]
    assert main(["imagecfg", str(copy), "--not-large", str(back)]) == 0
    assert back.read_bytes() == before


def test_is_one_file_that_is_no_image_no_end_of_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lecture's search: *.exe in a folder that has programs of DOS, too."""
    names = [tmp_path / name for name in ("chkdsk.exe", "edit.exe", "none.exe", "lsass.exe")]
    for name in (names[0], names[3]):
        name.write_bytes(with_large_address_aware((SAMPLES / "x86" / "hello.exe").read_bytes(), wanted=True))
    names[1].write_bytes(b"MZ" + bytes(200))
    assert main(["imagecfg", *map(str, names)]) == 2
    told = capsys.readouterr()
    assert [line.rpartition("/")[2] for line in told.out.splitlines()] == [
        "chkdsk.exe: 32-bit program, large address aware, NX compatible",
        "lsass.exe: 32-bit program, large address aware, NX compatible",
    ]
    assert "edit.exe' is not an image: " in told.err and "none.exe': no such file" in told.err


def test_is_the_original_kept_under_each_of_its_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original, other = tmp_path / "a.exe", tmp_path / "b.exe"
    shutil.copyfile(SAMPLES / "x86" / "hello.exe", original)
    other.hardlink_to(original)
    before = original.read_bytes()
    assert main(["imagecfg", str(original), "--large", str(other)]) == 2
    assert "must be another file" in capsys.readouterr().err
    assert original.read_bytes() == before


def test_is_no_device_and_no_large_file_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.exe")
    for name, start in (("film.iso", b"no"), ("vast.exe", b"MZ")):
        with (tmp_path / name).open("wb") as file:
            file.write(start)
            file.truncate(1 << 33)  # a hole: it takes no room, but could not be read into memory
    assert main(["imagecfg", str(tmp_path)]) == 0
    assert main(["imagecfg", "/dev/zero", str(tmp_path / "pipe.exe"), str(tmp_path / "vast.exe")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("it is a device or a pipe") == 2 and "the file is too large" in told.err


def test_is_a_program_opted_in_and_out_of_dep_on_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original, out, back = SAMPLES / "x86" / "hello.exe", tmp_path / "out.exe", tmp_path / "back.exe"
    assert main(["imagecfg", str(original), "--not-nx", str(out)]) == 0
    assert main(["imagecfg", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 32-bit program\n"
    assert main(["imagecfg", str(out), "--nx", str(back)]) == 0
    assert back.read_bytes() == original.read_bytes()


def test_does_the_checksum_follow() -> None:
    image = bytearray((SAMPLES / "x86" / "hello.exe").read_bytes())
    place = int.from_bytes(image[0x3C:0x40], "little") + 24 + 64
    image[place : place + 4] = b"\1\0\0\0"
    changed = bytearray(with_large_address_aware(bytes(image), wanted=True))
    told = parse_headers(bytes(changed)).checksum
    changed[place : place + 4] = bytes(4)
    assert told == image_checksum(changed)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.exe"], "cannot read 'none.exe': no such file or directory"),
        (["text.txt"], "'text.txt' is not an image: "),
        (["a.exe", "--large", "a.exe"], "the copy of 'a.exe' must be another file"),
        (["a.exe", "a.exe", "--large", "b.exe"], "a copy is made of one FILE"),
        (["a.exe", "--large", "b.exe", "--nx", "c.exe"], "a copy is made of one FILE, with one of --large"),
        ([".", "--large", "b.exe"], "cannot read '.': is a directory"),
        (["a.exe", "--large", "none/b.exe"], "cannot write 'none/b.exe'"),
    ],
)
def test_is_what_cannot_be_done_refused(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("no image")
    shutil.copyfile(SAMPLES / "x86" / "hello.exe", tmp_path / "a.exe")
    assert main(["imagecfg", *arguments]) == 2
    assert sentence in capsys.readouterr().err
