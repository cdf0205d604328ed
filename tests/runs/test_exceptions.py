"""Are exceptions handled as on Windows: by frames, by tables, in C++, and do broken ones end the program cleanly?"""

import random
from pathlib import Path

import pefile
import pytest

from ntmm.nt.boot_options import parse_boot_options
from ntmm.runner.options import SystemOptions
from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)
CPP_EXCEPTION = 0xE06D7363
OWN_EXCEPTION = 0xE0001234
ACCESS_VIOLATION = 0xC0000005
STACK_BUFFER_OVERRUN = 0xC0000409


@PLACES
@pytest.mark.parametrize("name", ["seh", "throw", "standard", "recover"])
def test_does_every_check_of_the_program_pass(name: str, folder: str, architecture: str) -> None:
    _check_all(name, folder, architecture)


@pytest.mark.parametrize("architecture", ["x86", "pae"])
def test_are_handlers_checked_on_32_bit(architecture: str) -> None:
    _check_all("handlers", "x86", architecture)


def test_is_the_caller_found_from_every_instruction_on_64_bit() -> None:
    _check_all("unwind", "x64", "x64")


def _check_all(name: str, folder: str, architecture: str) -> None:
    finished = run(sample(folder, name), architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert "PASS" in finished.output, finished.output
    assert finished.report.exit_status == 0, finished.output + finished.error
    assert finished.report.unexplained_faults == 0


@PLACES
@pytest.mark.parametrize(
    ("program", "how", "status", "output"),
    [
        ("throw", "unhandled", CPP_EXCEPTION, ""),
        ("throw", "rethrow", 42, "terminated\n"),
        ("throw", "destructor", 42, "terminated\n"),
        ("standard", "unhandled", 42, "terminated\n"),
        ("recover", "filter", OWN_EXCEPTION, "filter\nfinally\n"),
        ("recover", "quiet", OWN_EXCEPTION, "finally\n"),
        ("recover", "at once", OWN_EXCEPTION, ""),
    ],
)
def test_does_the_program_end_as_on_windows(
    program: str, how: str, status: int, output: str, folder: str, architecture: str
) -> None:
    finished = run(sample(folder, program), how, architecture=architecture)
    assert finished.report.exit_status == status
    assert finished.output == output


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("unlisted", OWN_EXCEPTION),
        ("stack", OWN_EXCEPTION),
        ("heap", OWN_EXCEPTION),
        ("executable", OWN_EXCEPTION),
        ("static", OWN_EXCEPTION),
        ("unaligned", OWN_EXCEPTION),
        ("null", OWN_EXCEPTION),
        ("cycle", OWN_EXCEPTION),
        ("cookie", STACK_BUFFER_OVERRUN),
    ],
)
def test_is_a_handler_that_is_not_allowed_never_called(how: str, status: int) -> None:
    finished = run(sample("x86", "handlers"), how)
    assert finished.report.exit_status == status
    assert finished.output == ""


@pytest.mark.parametrize("how", ["heap", "executable"])
@pytest.mark.parametrize("processor", ["x86", "x86-nx"])
@pytest.mark.parametrize(
    ("policy", "called"), [("ALWAYSON", False), ("ALWAYSOFF", True), ("OPTIN", False), ("OPTOUT", False)]
)
def test_does_software_dep_go_by_the_policy(policy: str, called: bool, processor: str, how: str) -> None:
    """Handlers outside of images: refused without no-execute pages as well, but not in processes without DEP."""
    system = SystemOptions(boot=parse_boot_options(f"/NOEXECUTE={policy}"), processor_kind=processor)
    finished = run(sample("x86", "handlers"), how, system=system)
    assert finished.output == ("FAIL  still alive\n" if called else "")
    assert finished.report.exit_status == (1 if called else OWN_EXCEPTION)


@pytest.mark.parametrize("part", range(4))
def test_do_spoilt_unwind_tables_end_the_program_or_do_no_harm(part: int) -> None:
    for seed in range(part * 10, part * 10 + 10):
        finished = run(sample("x64", "unwind"), str(seed), time_limit=60)
        assert finished.report.exit_status in (0, OWN_EXCEPTION, ACCESS_VIOLATION), seed
        assert finished.output == ("caught\n" if finished.report.exit_status == 0 else ""), seed


@pytest.mark.parametrize("name", ["throw", "seh", "standard"])
def test_does_a_program_with_a_spoilt_function_table_end(name: str, own_folder: Path) -> None:
    data = sample("x64", name).read_bytes()
    start, size = _function_table(data)
    program = own_folder / "spoilt.exe"
    for seed in range(8):
        program.write_bytes(_spoil(data, start, size, seed))
        finished = run(program, time_limit=60, output_limit=1 << 16)
        assert finished.report.stopped is None, seed
        assert finished.report.unexplained_faults == 0, seed


def _function_table(data: bytes) -> tuple[int, int]:
    """Where .pdata lies in the file, and its size."""
    section = next(section for section in pefile.PE(data=data).sections if section.Name.startswith(b".pdata"))
    return section.PointerToRawData, min(section.SizeOfRawData, section.Misc_VirtualSize)


def _spoil(data: bytes, start: int, size: int, seed: int) -> bytes:
    chance, changed = random.Random(seed), bytearray(data)
    for _ in range(size // 20):
        changed[start + chance.randrange(size)] = chance.randrange(256)
    return bytes(changed)
