"""Are the functions of a program found that was not stripped, and stepped through?"""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ntmm.runner.compile import compile_program
from ntmm.tools.commands.memory import MemoryRow
from ntmm.tools.stops import Reason
from tests.tools.debugging import debugging

FOLDERS = pytest.mark.parametrize("folder", ["x86", "x64"])
Programs = Callable[[str], Path]


@FOLDERS
def test_do_functions_and_variables_of_the_program_have_names(folder: str, with_symbols: Programs) -> None:
    with debugging(with_symbols(folder)) as debugged:
        for function in ("main", "calls!twice", "four_times"):
            debugged.rows(f"bp {function}")
        stops = [debugged.stop("g").symbol for _ in range(4)]
        assert stops == ["calls!main", "calls!four_times", "calls!twice", "calls!twice"]
        end = debugged.stop("g")
        assert (end.reason, end.exit_status) == (Reason.ENDED, 6)
        assert debugged.only(MemoryRow, "dd counter L1").values == (6,)


@FOLDERS
def test_does_p_run_the_called_function_and_t_enter_it(folder: str, with_symbols: Programs) -> None:
    with debugging(with_symbols(folder)) as debugged:
        debugged.rows("bp four_times")
        debugged.stop("g")
        debugged.rows("bc *")
        assert [stop for stop in names(debugged.stop, "t", 60) if "twice" in stop]
    with debugging(with_symbols(folder)) as debugged:
        debugged.rows("bp four_times")
        debugged.stop("g")
        debugged.rows("bc *")
        over = names(debugged.stop, "p", 60)
        assert not [stop for stop in over if "twice" in stop]
        assert over[-1].startswith("calls!main")


def names(stop: Callable[[str], object], command: str, most: int) -> list[str]:
    """Where a function is stepped through until its caller goes on."""
    found: list[str] = []
    while len(found) < most and not (found and found[-1].startswith("calls!main")):
        found.append(getattr(stop(command), "symbol"))  # noqa: B009 - the row's class is the other test's matter
    return found


@FOLDERS
def test_is_a_breakpoint_inside_a_called_function_hit_by_p(folder: str, with_symbols: Programs) -> None:
    with debugging(with_symbols(folder)) as debugged:
        debugged.rows("bp main")
        debugged.stop("g")
        debugged.rows("bp twice")
        reasons = [debugged.stop("p").reason for _ in range(30)]
        assert Reason.BREAKPOINT in reasons


@FOLDERS
def test_is_the_program_with_symbols_the_one_without_them(folder: str, with_symbols: Programs, tmp_path: Path) -> None:
    program = with_symbols(folder)
    plain = compile_program(program.parent.parent / "calls.c", folder, tmp_path)
    assert loaded_bytes(program) == loaded_bytes(plain)


def loaded_bytes(program: Path) -> dict[str, bytes]:
    """The sections of an image but for the linker's build id."""
    from ntmm.pe.headers import parse_headers  # noqa: PLC0415 - only here

    content = program.read_bytes()
    return {
        section.name: content[section.raw_offset : section.raw_offset + section.raw_size]
        for section in parse_headers(content).sections
        if section.name != ".buildid"
    }


@FOLDERS
def test_does_a_stop_request_break_into_a_program_that_runs(folder: str, with_symbols: Programs) -> None:
    with debugging(with_symbols(folder), "forever") as debugged:
        timer = threading.Timer(0.3, debugged.session.debugger.kernel.cpu.request_stop)
        timer.start()
        stop = debugged.stop("g")
        timer.join()
        assert (stop.reason, stop.symbol.partition("+")[0]) == (Reason.BREAK_IN, "calls!main")
        assert debugged.stop("t").reason == Reason.STEP


def test_does_the_time_limit_stop_a_program_for_good(with_symbols: Programs) -> None:
    with debugging(with_symbols("x86"), "forever", time_limit=0.5) as debugged:
        for _ in range(2):
            assert debugged.stop("g").reason == Reason.BREAK_IN
            assert debugged.session.is_out_of_time
        assert debugged.rows("r")
