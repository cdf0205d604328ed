"""(f) A file of 256 MB read in order on a machine of 64 MB, through a view and with ReadFile, beside plain Python.

The program loads every word of the view. What is shown beside the speed is how far reads are clustered.
"""

from pathlib import Path

from benchmarks.result import Result, seconds
from benchmarks.small_machine import SmallMachine, small_machine
from ntmm.kernel.io.constants import FILE_GENERIC_READ, Disposition
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.volume import OpenRequest
from ntmm.nt.memory import PAGE_READONLY, SEC_COMMIT
from ntmm.nt.status import Status

MB = 1 << 20
SIZE = 256 * MB
RAM = 64 * MB
CHUNK = MB
NAME = "large.bin"

_LOADS = b"".join(
    bytes((0x8B, 0x40 + 3 + 8 * register, 4 * number)) for number, register in enumerate([0, 2, 6, 7] * 4)
)
"""mov eax/edx/esi/edi, [ebx + 0 .. 60]"""
# next: 16 loads / add ebx, 40h / dec ecx / jnz next / int 2Eh
READ = _LOADS + bytes.fromhex("83c340 49 75") + bytes([256 - len(_LOADS) - 6]) + bytes.fromhex("cd2e")


def measure() -> list[Result]:
    """MB/s of both ways beside Python's own, and faults to megabytes."""
    with small_machine("pae", RAM, READ, 1 << 16) as machine:
        path = _make_file(machine)
        plain = SIZE / MB / seconds(lambda: _read_plainly(path))
        opened = machine.kernel.volume.open(f"\\??\\C:\\{NAME}", OpenRequest(FILE_GENERIC_READ, 7, Disposition.OPEN))
        assert isinstance(opened.file, FileObject)
        cached = SIZE / MB / seconds(lambda: _read_cached(opened.file))
        mapped, faults, reads = _read_mapped(machine, opened.file)
    return [
        Result(
            "(f) sequential mapped read to plain Python", SIZE / MB / mapped, plain, "MB/s", SIZE / MB / mapped / plain
        ),
        Result("(f) sequential cached read to plain Python", cached, plain, "MB/s", cached / plain),
        Result("(f) faults of a mapped read to MB", faults, SIZE / MB, "count", faults / (SIZE / MB), at_most=260),
        Result("(f) disk reads of a mapped read to MB", reads, SIZE / MB, "count", reads / (SIZE / MB), at_most=64),
    ]


def _make_file(machine: SmallMachine) -> Path:
    path = machine.folder / NAME
    chunk = bytes(range(256)) * (CHUNK // 256)
    with path.open("wb") as file:
        for _ in range(SIZE // CHUNK):
            file.write(chunk)
    return path


def _read_plainly(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(CHUNK):
            pass


def _read_cached(file: FileObject) -> None:
    for offset in range(0, SIZE, CHUNK):
        assert len(file.read(offset, CHUNK)) == CHUNK


def _read_mapped(machine: SmallMachine, file: FileObject) -> tuple[float, int, int]:
    """(seconds, faults, disk reads) of a program that maps the whole file and loads every word."""
    kernel, context, slots = machine.kernel, machine.thread.context, machine.kernel.cpu.slots
    status, section = kernel.mm.create_section(file, 0, PAGE_READONLY, SEC_COMMIT)
    assert status is Status.SUCCESS and section is not None
    view = kernel.mm.map_view(machine.process, section, page_protection=PAGE_READONLY)
    assert view.status is Status.SUCCESS
    context.u64[slots.rbx], context.u64[slots.rcx] = view.base, SIZE // 64
    kernel.traps.system_call = lambda thread: kernel.ps.exit_process(machine.process, 0)
    kernel.ps.start(machine.thread)
    faults, reads = machine.process.space.page_fault_count, kernel.mm.in_page.reads
    taken = seconds(lambda: kernel.scheduler.run(lambda: machine.process.ended))
    return taken, machine.process.space.page_fault_count - faults, kernel.mm.in_page.reads - reads
