"""Do 32-bit programs run on a 64-bit machine as on one of their own?"""

import struct
from pathlib import Path

import pytest

from ntmm.kernel.ke.trap_frame import load_registers, save_registers
from ntmm.kernel.ps import Thread
from ntmm.pe.flags import with_large_address_aware
from ntmm.runner.options import RunOptions
from ntmm.runner.run import PreparedRun, prepared_run
from tests.runs.running import run, sample
from tests.runs.test_several import several

# Not `layout`, which expects PEB and TEBs at the top of 2 GB: on a 64-bit system they lie 16 MB below.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "guard": (),
    "heap": (),
    "image": (),
    "process": (),
    "protect": (),
    "relocate": (),
    "reserve_commit": (),
    "rewrite": (),
    "seh": (),
    "sections": (),
    "sieve": ("1000", "1"),
    "spin": (),
    "stack": (),
    "syscall": ("100",),
    "touch": ("1", "1"),
    "veh": (),
    "workset": (),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_is_the_output_that_of_a_32_bit_machine(name: str, own_folder: Path) -> None:
    program, arguments = sample("x86", name), PROGRAMS[name]
    on_x64 = run(program, *arguments, architecture="x64")
    assert on_x64.report.exit_status == 0, on_x64.output
    assert on_x64.report.unexplained_faults == 0
    assert on_x64.output == run(program, *arguments, architecture="pae").output


@pytest.mark.parametrize(("aware", "megabytes"), [(False, 2048), (True, 4096)])
def test_has_an_aware_program_4_gb(aware: bool, megabytes: int, tmp_path: Path) -> None:
    program = tmp_path / "high.exe"
    program.write_bytes(with_large_address_aware(sample("x86", "high").read_bytes(), aware))
    finished = run(program, str(megabytes), architecture="x64")
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0


def test_do_programs_of_both_kinds_share_a_machine() -> None:
    report = several([(sample("x86", "reserve_commit"), ""), (sample("x64", "reserve_commit"), "")])
    assert report.architecture == "x64"
    assert [row.exit_status for row in report.processes] == [0, 0]


def test_do_its_registers_survive_a_kernel_stack_that_is_swapped_out() -> None:
    finished = run(sample("x86", "sleeper"), architecture="x64", ram=8 << 20)
    assert finished.report.exit_status == 0, finished.output


@pytest.mark.parametrize(("status", "how"), [(0xC0000005, "av"), (0xC0000094, "div"), (0xC00000FD, "stack")])
def test_is_an_unhandled_exception_the_exit_status(how: str, status: int) -> None:
    assert run(sample("x86", "unhandled"), how, architecture="x64").report.exit_status == status


def loaded_thread(prepared: PreparedRun) -> Thread:
    """The first thread of the program, loaded and about to run."""
    kernel, session = prepared.machine.kernel, prepared.session
    kernel.scheduler.start(session)
    kernel.scheduler.run(lambda: bool(session.processes))
    thread: Thread = session.processes[0].threads[0]
    return thread


def test_do_the_two_pebs_and_tebs_know_of_each_other() -> None:
    with prepared_run(RunOptions(program=sample("x86", "hello"), architecture="x64")) as prepared:
        thread = loaded_thread(prepared)
        process, memory = thread.process, thread.process.memory
        assert process.is_wow64
        assert (process.peb, process.native_peb) == (0x7EFDE000, 0x7EFDF000)
        assert (thread.native_teb, thread.teb) == (0x7EFDB000, 0x7EFDD000)
        assert memory.read_u32(thread.teb + 0x18) == thread.teb
        assert memory.read_u32(thread.teb + 0x30) == process.peb
        assert memory.read_u32(thread.teb + 0xF70) == thread.native_teb
        assert struct.unpack("<Q", memory.read(thread.native_teb, 8))[0] == thread.teb
        assert struct.unpack("<Q", memory.read(thread.native_teb + 0x60, 8))[0] == process.native_peb
        assert memory.read_u32(process.peb + 8) == process.image_base
        assert struct.unpack("<Q", memory.read(process.native_peb + 0x10, 8))[0] == process.image_base
        assert {
            module.path.rpartition("\\")[0] for module in process.modules.modules if module.name == "ntdll.dll"
        } == {"C:\\Windows\\SysWOW64"}


def test_do_segments_say_compatibility_mode() -> None:
    with prepared_run(RunOptions(program=sample("x86", "hello"), architecture="x64")) as prepared:
        thread, cpu = loaded_thread(prepared), prepared.machine.kernel.cpu
        context = thread.context
        assert context.bits == 32
        assert (context.get("cs"), context.get("ss"), context.get("fs")) == (0x23, 0x2B, 0x53)
        before = context.general_registers()
        frames = save_registers(cpu, context)
        context.drop()
        load_registers(cpu, context, frames, thread.process.space.directory, thread.teb)
        assert context.general_registers() == before
        assert context.get("cs") == 0x23
