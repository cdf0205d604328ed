"""Does `ntmm info` print the same rows in both forms?"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ntmm.cli import main
from ntmm.nt.profile import PagingFileSize, SystemProfile
from ntmm.runner.rows import InfoRow

ROWS = [
    InfoRow("User space", "no access", 0, 0x10000, 0x10000, "catches null pointers"),
    InfoRow("User space", "images and heaps", 0x10000, 0x7FFE0000, 0x7FFD0000),
    InfoRow("Limits", "RAM", size=64 << 20),
]


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> list[SystemProfile]:
    """The profiles that rows were asked for."""
    asked: list[SystemProfile] = []

    def machine_rows(profile: SystemProfile) -> Iterator[InfoRow]:
        asked.append(profile)
        return iter(ROWS)

    module = ModuleType("ntmm.runner.info")
    module.__dict__["machine_rows"] = machine_rows
    monkeypatch.setitem(sys.modules, "ntmm.runner.info", module)
    return asked


def test_is_every_row_printed(profiles: list[SystemProfile], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    output = capsys.readouterr().out
    for word in ("User space", "images and heaps", "00010000", "7ffe0000", "64 KB", "catches null pointers", "64 MB"):
        assert word in output
    assert profiles == [SystemProfile(architecture="pae", ram=64 << 20)]


def test_does_json_hold_the_same_rows(profiles: list[SystemProfile], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", "--arch", "x64", "--ram", "1T"]) == 0
    assert [InfoRow(**row) for row in json.loads(capsys.readouterr().out)] == ROWS
    assert profiles == [SystemProfile(architecture="x64", ram=1 << 40)]


def test_do_the_options_of_the_machine_arrive(profiles: list[SystemProfile]) -> None:
    options = "--windows nt4 --processors 2 --replacement clock --pagefile 2M-4M"
    assert main(["info", *options.split()]) == 0
    asked = profiles[0]
    assert (asked.architecture, asked.windows, asked.processors, asked.replacement) == ("x86", "nt4", 2, "clock")
    assert asked.paging_files == (PagingFileSize(2 << 20, 4 << 20),)


def test_do_the_switches_of_a_boot_ini_file_and_the_registry_arrive(
    profiles: list[SystemProfile], tmp_path: Path
) -> None:
    file = tmp_path / "boot.ini"
    file.write_text('[boot loader]\ndefault=C:\\\n[operating systems]\nC:\\="2003" /3GB /USERVA=2900\n')
    options = ["--os", "2003-sp1", "--edition", "Enterprise", "--cpu", "x64", "--boot", "/USERVA=2800 /3GB"]
    assert main(["info", *options, "--boot-ini", str(file), "--registry", "SystemPages=5000"]) == 0
    asked = profiles[0]
    assert (asked.architecture, asked.edition_name, asked.kind) == ("pae", "enterprise", "x64")
    assert asked.boot.user_space_mb == 2800
    assert asked.registry.get("SystemPages") == 5000


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["info", "--help"]])
def test_does_help_need_no_machine(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("Usage: ntmm")


@pytest.mark.parametrize("letter", ["C:", "a:", "R", "RR:", "7:", "R:\\x"])
def test_is_a_letter_refused_that_no_ram_disk_can_have(letter: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--ram-disk", letter]) == 2
    assert "is not a free drive: write a letter from D: to Z:" in capsys.readouterr().err


def test_is_a_ram_disk_refused_where_no_ram_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--ram-disk", "R:", "--ram", "64M"]) == 2
    assert "a RAM disk needs RAM that the system does not use" in capsys.readouterr().err


def test_does_auto_take_x64_for_an_edition_that_is_64_bit_only(profiles: list[SystemProfile]) -> None:
    assert main(["info", "--os", "xp", "--edition", "x64"]) == 0
    assert main(["info", "--os", "xp", "--edition", "professional"]) == 0
    assert [profile.architecture for profile in profiles] == ["x64", "x86"]


def test_do_both_names_of_an_option_mean_the_same(profiles: list[SystemProfile]) -> None:
    assert main(["info", "--cpus", "2"]) == main(["info", "--processors", "2"]) == 0
    assert [profile.processors for profile in profiles] == [2, 2]
