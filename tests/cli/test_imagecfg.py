"""Does `ntmm imagecfg` tell which images are large-address-aware, and set the flag only on copies?"""

import json
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
