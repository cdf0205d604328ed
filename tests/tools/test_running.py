"""Does the program stop where it was asked to, and is it the same program otherwise?"""

from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from ntmm.runner.errors import UserError
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.run import run_program
from ntmm.tools.commands.running import BreakpointRow
from ntmm.tools.stops import Reason
from tests.tools.debugging import MACHINES, debugging, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


@PLACES
def test_is_a_program_held_before_its_first_instruction_and_run_to_its_end(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        first = debugged.session.first.rows[0]
        assert (first.reason, first.symbol) == (Reason.BREAK_IN, "ntmmrt!NtmmProcessStart")  # type: ignore[attr-defined]
        assert debugged.output.getvalue() == b""
        stop = debugged.stop("g")
        assert (stop.reason, stop.exit_status, stop.pc) == (Reason.ENDED, 0, None)
        assert debugged.output.getvalue().startswith(b"Hello")
        assert debugged.error("g") == debugged.error("t") == "the program has ended, so nothing can run"


@PLACES
def test_does_a_function_stop_the_program_each_time_it_is_called(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), "one", "two", architecture=architecture) as debugged:
        set_row = debugged.only(BreakpointRow, "bp kernel32!WriteFile")
        stop = debugged.stop("g")
        assert (stop.reason, stop.breakpoint, stop.pc) == (Reason.BREAKPOINT, 0, set_row.address)
        assert stop.symbol == "kernel32!WriteFile"
        while debugged.stop("g").reason == Reason.BREAKPOINT:
            pass
        listed = debugged.only(BreakpointRow, "bl")
        assert listed.hits >= 1 and listed.name == "kernel32!WriteFile"


@PLACES
def test_does_every_page_fault_stop_the_program(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "hello"), architecture=architecture) as debugged:
        debugged.rows("bp fault")
        faults = 0
        while (stop := debugged.stop("g")).reason == Reason.PAGE_FAULT:
            faults += 1
            assert stop.address is not None and stop.error_code is not None and stop.entry is not None
        assert faults == debugged.session.debugger.kernel.cpu.page_fault_count > 10


def test_does_the_time_limit_stop_a_program_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless.c").write_text("int main(void) { for (volatile int i = 0;; i++) { } }")
    clock = SimpleNamespace(monotonic=lambda: 0.0)  # stands still until the program is in its loop
    monkeypatch.setattr("ntmm.tools.session.time", clock)
    with debugging(tmp_path / "endless.c", time_limit=3.0, with_symbols=True) as debugged:
        debugged.rows("bp main")
        assert debugged.stop("g").symbol == "endless!main" and not debugged.session.is_out_of_time
        seconds = count()
        clock.monotonic = lambda: float(next(seconds))
        stop = debugged.stop("g")
        assert stop.reason == Reason.BREAK_IN and stop.symbol.startswith("endless!main")
        assert debugged.session.is_out_of_time


def test_do_several_steps_stop_once_each() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        assert len(debugged.rows("t 5")) == 5
        assert debugged.error("t 0") == "t takes a number of steps, 1 to 1000 in hexadecimal"


SCRIPT = (
    "bp fault", "g", "g", "t", "t", "g", "t", "p", "bc *",
    "bp kernel32!WriteFile", "bp ntdll!NtAllocateVirtualMemory", "g", "g", "p 30", "g", "t 10", "bc *", "!process",
    "!memusage", "!wsle", "!pte @SP",
)  # fmt: skip


@PLACES
@pytest.mark.parametrize("name", ["hello", "stack", "veh"])
def test_can_the_program_and_its_memory_not_notice_the_debugger(
    name: str, folder: str, architecture: str, tmp_path: Path
) -> None:
    alone, debugged_events = tmp_path / "alone.jsonl", tmp_path / "debugged.jsonl"
    with debugging(sample(folder, name), architecture=architecture, events=debugged_events) as debugged:
        for command in SCRIPT:
            debugged.session.execute(command.replace("@SP", "@rsp" if folder == "x64" else "@esp"))
        while debugged.session.execute("g").error is None:
            pass
    quiet = RunOptions(
        program=sample(folder, name),
        architecture=architecture,
        events=alone,
        standard_output=debugged.output,
        standard_error=debugged.output,
    )
    run_program(quiet)
    assert debugged_events.read_text() == alone.read_text()


def test_is_a_breakpoint_of_one_process_not_one_of_another() -> None:
    others = (ProgramLine(sample("x86", "hello"), ("second",)),)
    with debugging(sample("x86", "hello"), "first", others=others) as debugged:
        debugged.rows("bp kernel32!WriteFile")
        first = debugged.stop("g")
        stops = {first.process}
        while (stop := debugged.stop("g")).reason == Reason.BREAKPOINT:
            stops.add(stop.process)
        assert stops == {first.process} and stop.reason == Reason.ENDED
        assert b"second" in debugged.output.getvalue()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("bp", "bp needs an address, a function or the word 'fault'"),
        ("bp nosuch", "no loaded module has a function 'nosuch'"),
        ("bp nodll!WriteFile", "no module named 'nodll' is loaded"),
        ("bp 10", "the program has no memory at 0x10, so no breakpoint can be set there"),
        ("bp 123456789abc", "'123456789abc' is no address of this machine"),
        ("bp 4z", "'4z' is not a number: write hexadecimal digits, or decimal ones after 0n"),
        ("bc 7", "there is no breakpoint 7"),
        ("bc x", "bc needs the number of a breakpoint, or * for all"),
        ("g 5", "g takes no arguments"),
        ("db", "an address is missing"),
        ("db 10", "no page at 00000010 is in RAM: its entry says Zero"),
        ("db @esp L0", "'0' is no count: write 1 to 10000 in hexadecimal"),
        ("db @xyz", "there is no register 'xyz': there are eax, ecx, edx, ebx, esp, ebp, esi, edi, eip"),
        ("!process 77", "there is no process 77"),
        ("!process me", "'me' is no id of a process: write hexadecimal digits"),
        ("!pfn", "!pfn needs the number of a frame in hexadecimal"),
        ("!pfn 4000", "there is no frame 4000: the last one is 3fff"),
        ("frobnicate", "there is no command 'frobnicate': .help lists them"),
        (".help frobnicate", "there is no command 'frobnicate'"),
    ],
)
def test_does_a_mistake_give_one_sentence(command: str, sentence: str) -> None:
    with debugging(sample("x86", "hello")) as debugged:
        assert debugged.error(command) == sentence
        assert debugged.stop("g").reason == Reason.ENDED


def test_is_a_program_that_cannot_be_loaded_told_in_a_sentence(tmp_path: Path) -> None:
    program = tmp_path / "bad.exe"
    program.write_bytes(b"MZ" + bytes(200))
    with pytest.raises(UserError), debugging(program):
        pass
