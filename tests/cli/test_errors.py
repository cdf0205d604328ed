"""Is everything a user can get wrong answered with one sentence and exit code 2?"""

import os
from pathlib import Path

import pytest

from ntmm.cli import main
from tests.cli.conftest import Machine

RELEASES = "'auto', 'nt4', '2000', 'xp', 'xp-sp2', '2003', '2003-sp1', '2003-sp2'"
EDITIONS = "workstation, server, enterprise, professional, advanced-server, datacenter, home, x64, standard, web"
IS_ROOT = os.geteuid() == 0


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence on standard error."""
    assert main(arguments) == 2
    output, errors = capsys.readouterr()
    assert not output
    assert errors.startswith("ntmm: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    return errors[len("ntmm: ") : -1]


@pytest.mark.parametrize("size", ["12Q", "", "0", "-1", "1.5M", "M", "64 M", "9" * 40, "0x1000"])
def test_is_a_bad_size_refused(machine: Machine, program: str, size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not a size" in refusal(["run", f"--ram={size}", program], capsys)
    assert not machine.asked


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--ram", "4095"], "RAM must be a multiple of 4096 bytes"),
        (["--ram", "4K"], "RAM of 4 KB is too little: a machine has 4 MB or more"),
        (["--ram", "65G", "--arch", "x86"], "RAM of a machine of architecture x86 must be 4 MB to 65536 MB"),
        (["--time-limit", "nan"], "invalid value for '--time-limit': 'nan' is not a time: write seconds above zero"),
        (["--time-limit", "-1"], "invalid value for '--time-limit': '-1' is not a time: write seconds above zero"),
        (["--arch", "mips"], "invalid value for '--arch': 'mips' is not one of 'auto', 'x86', 'pae', 'x64', 'ia64'"),
        (
            ["--arch", "ia64"],
            "no program runs on ia64, which has no processor here: use ntmm info or the Python interface",
        ),
        (["--report", "xml"], "invalid value for '--report': 'xml' is not one of 'text', 'json', 'none'"),
        (["--xyzzy"], "no such option: --xyzzy"),
        (["--and"], "--and stands between two programs: there is none before it"),
        (
            ["--windows", "nt4", "--arch", "x64"],
            "Windows NT 4.0 has no x64 edition: choose xp or xp-sp2 or 2003-sp1 or 2003-sp2",
        ),
        (
            ["--windows", "nt4", "--arch", "pae"],
            "Windows NT 4.0 has no PAE kernel: choose architecture x86, or 2000 or later",
        ),
        (
            ["--windows", "me"],
            f"invalid value for '--os' / '--windows': 'me' is not one of {RELEASES}",
        ),
        (
            ["--edition", "me"],
            f"unknown edition 'me': choose one of auto, {EDITIONS}",
        ),
        (
            ["--os", "2003-sp1", "--edition", "web", "--boot", "/3GB"],
            "Windows Server 2003 SP1 Web has no /3GB: choose edition standard or enterprise or datacenter",
        ),
        (["--boot", "/4GB"], "unknown boot option '/4GB': see docs/machines.md for those that Windows has"),
        (["--boot-ini", "none.ini"], "cannot read 'none.ini': no such file or directory"),
        (
            ["--registry", "LargeSystemCache"],
            "'LargeSystemCache' is not a registry value: write KEY=VALUE, as in LargeSystemCache=1",
        ),
        (["--processors", "0"], "a machine has 1 to 32 processors"),
        (
            ["--global-flag", "abc"],
            (
                "invalid value for '--global-flag': 'abc' is no global flag: write a number of 32 bits, or some of "
                "htc, hfc, hpc, hvc, dhc joined by +"
            ),
        ),
        (
            ["--pagefile", "none", "--pagefile", "2M"],
            "invalid value for '--pagefile': 'none' cannot stand beside a size",
        ),
        (["--pagefile", "2M-1M"], "the maximum of a paging file must not be below its minimum"),
        (["--pagefile", "1000K"], "a paging file must have at least 1 MB"),
        (["--pagefile", "2M"] * 17, "a machine has at most 16 paging files"),
        (["--timeline-interval", "5"], "--timeline-interval needs --timeline"),
        (["--timeline", "none/t.csv"], "cannot write a time line to 'none/t.csv': no such folder"),
        (["--timeline", "t", "--events", "./t"], "events and time line cannot both be written to 't'"),
        (["--user", "Everyone"], "Everyone is an account of the system: choose another user"),
        (["--user", "a/b"], "'a/b' cannot be the name of a user: write 1 to 20 letters and digits"),
        (["--session", "-1"], "'-1' is not the number of a session: write 0 to 9999"),
    ],
)
def test_is_a_bad_option_refused(
    machine: Machine, program: str, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(["run", *options, program], capsys) == sentence
    assert not machine.asked


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--user x", "--and stands between two programs: there is none after --user"),
        ("--user", "--and stands between two programs: there is none after --user"),
        ("--session x prog.exe", "'x' is not the number of a session: write 0 to 9999"),
        ("--session=10000 prog.exe", "'10000' is not the number of a session: write 0 to 9999"),
        ("--user Guest prog.exe", "Guest is an account of the system: choose another user"),
    ],
)
def test_is_a_bad_option_of_a_later_program_refused(
    machine: Machine, program: str, words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(["run", program, "--and", *words.split()], capsys) == sentence
    assert not machine.asked


@pytest.mark.parametrize("arguments", [[], ["run"], ["bogus"], ["info", "extra"], ["run", "--ram"]])
def test_is_an_incomplete_command_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    refusal(arguments, capsys)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--", "--and", "prog.exe"], "before"),
        (["prog.exe", "--and"], "after"),
        (["prog.exe", "1", "--and", "--and", "prog.exe"], "after"),
    ],
)
def test_is_a_separator_without_a_program_refused(
    machine: Machine, program: str, words: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(["run", *words], capsys) == f"--and stands between two programs: there is none {where} it"
    assert not machine.asked


def test_is_a_missing_second_program_refused(
    machine: Machine, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refusal(["run", program, "--and", "none.exe"], capsys)
    assert sentence == "cannot open program 'none.exe': no such file or directory"
    assert not machine.asked


@pytest.mark.parametrize("text", ["", "2M-", "-2M", "2M-4M-6M", "many", "None"])
def test_is_a_bad_paging_file_refused(
    machine: Machine, program: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not a size" in refusal(["run", f"--pagefile={text}", program], capsys)
    assert not machine.asked


def test_is_a_missing_program_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = refusal(["run", "none.exe", "--help"], capsys)
    assert sentence == "cannot open program 'none.exe': no such file or directory"


def test_is_a_folder_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(["run", "."], capsys) == "'.' is a directory, not a program"


def test_is_a_device_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(["run", "/dev/null"], capsys) == "'/dev/null' is not a regular file"


def test_is_a_path_through_a_file_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(["run", "prog.exe/a"], capsys) == "cannot open program 'prog.exe/a': not a directory"


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
def test_is_an_unreadable_program_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(program).chmod(0)
    assert refusal(["run", program], capsys) == "cannot open program 'prog.exe': permission denied"


@pytest.mark.parametrize(
    ("path", "why"), [("none/e.jsonl", "no such folder"), ("prog.exe/e", "no such folder"), (".", "is a directory")]
)
def test_is_an_unwritable_events_file_refused_before_the_run(
    machine: Machine, program: str, path: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(["run", "--events", path, program], capsys) == f"cannot write events to {path!r}: {why}"
    assert not machine.asked


def test_is_a_file_as_overlay_refused(machine: Machine, program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        refusal(["run", "--overlay", program, program], capsys) == "cannot use 'prog.exe' as overlay: not a directory"
    )
    assert not machine.asked
