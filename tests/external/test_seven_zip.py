"""Does 7-Zip's command-line program run unmodified: pack, test, unpack, measure itself, also where RAM is short?"""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

from ntmm.nt.profile import PagingFileSize
from ntmm.tools.commands.heap import HeapBlockRow, HeapRow
from ntmm.tools.stops import Reason
from tests.runs.running import Finished, run
from tests.tools.debugging import debugging

pytestmark = [pytest.mark.external, pytest.mark.parametrize("folder", ["ia32", "x64"])]

MEGABYTE = 1 << 20
LITTLE_RAM = 24 * MEGABYTE
PAGING_FILE = PagingFileSize(256 * MEGABYTE, 256 * MEGABYTE)
"""At -mx=5 7za commits some 130 MB for these files, more than 24 MB of RAM and the default paging file hold."""


def test_does_it_list_its_formats(seven_zip: Path, folder: str) -> None:
    finished = run(seven_zip / folder / "7za.exe", "i")
    assert finished.report.exit_status == 0, finished.error
    for word in ("Formats:", "7z", "zip", "Codecs:", "LZMA2", "Hashers:", "SHA256"):
        assert word in finished.output


def test_does_it_print_the_hash_that_python_computes(seven_zip: Path, folder: str, own_folder: Path) -> None:
    data = random.Random(7).randbytes(5 << 20)
    (own_folder / "data.bin").write_bytes(data)
    finished = run(seven_zip / folder / "7za.exe", "h", "-scrcSHA256", "-mmt=off", "data.bin")
    assert finished.report.exit_status == 0, finished.error + finished.output
    assert hashlib.sha256(data).hexdigest() in finished.output.lower()
    assert finished.report.unexplained_faults == 0


def make_files(folder: Path) -> int:
    """About 10 MB in three folders: noise, prose of few words, and much that repeats; answers the bytes."""
    random_source = random.Random(5)
    words = [random_source.randbytes(random_source.randint(2, 9)).hex().encode() for _ in range(2000)]
    contents = [random_source.randbytes(MEGABYTE // 4), b"", b"x"]
    contents += [b" ".join(random_source.choices(words, k=40_000)) for _ in range(4)]
    contents += [random_source.randbytes(3000) * 300 for _ in range(11)]
    for number, content in enumerate(contents):
        place = folder / ("data", "data/deeper", "data/deeper/deepest")[number % 3]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file {number}.bin").write_bytes(content)
    return sum(map(len, contents))


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check(finished: Finished) -> Finished:
    assert finished.report.exit_status == 0, finished.error + finished.output
    assert "Everything is Ok" in finished.output
    assert finished.report.unexplained_faults == 0
    return finished


@pytest.mark.parametrize(("threads", "ram"), [(1, 64 << 20), (2, 64 << 20), (1, LITTLE_RAM), (2, LITTLE_RAM)])
def test_are_all_files_the_same_after_packing_and_unpacking(
    seven_zip: Path, folder: str, own_folder: Path, threads: int, ram: int
) -> None:
    assert make_files(own_folder) > 10 * MEGABYTE
    program, count = seven_zip / folder / "7za.exe", f"-mmt={threads}"
    machine: dict[str, Any] = {"ram": ram, "paging_files": (PAGING_FILE,)}
    packed = check(run(program, "a", "-mx=5", count, "packed.7z", "data", **machine))
    check(run(program, "t", count, "packed.7z", **machine))
    check(run(program, "x", count, "packed.7z", "-ounpacked", **machine))
    assert contents_of(own_folder / "unpacked" / "data") == contents_of(own_folder / "data")
    assert packed.report.memory is not None
    (paging,) = packed.report.memory.paging_files
    assert paging.peak > 0 or ram > LITTLE_RAM, "7za needs far more than 24 MB for this: it has to page"


@pytest.mark.parametrize("threads", [1, 2])
def test_are_all_its_heaps_whole_in_the_end(seven_zip: Path, folder: str, own_folder: Path, threads: int) -> None:
    make_files(own_folder)
    arguments = ("a", "-mx=1", f"-mmt={threads}", "packed.7z", "data")
    with debugging(seven_zip / folder / "7za.exe", *arguments) as debugged:
        debugged.rows("bp kernel32!ExitProcess")
        assert debugged.stop("g").reason == Reason.BREAKPOINT
        assert b"Everything is Ok" in debugged.output.getvalue()
        heaps = [row.address for row in debugged.rows("!heap") if isinstance(row, HeapRow)]
        assert heaps and all(debugged.call("kernel32!HeapValidate", heap, 0, 0) == 1 for heap in heaps)
        block = next(
            row for row in debugged.rows("!heap -h") if isinstance(row, HeapBlockRow) and row.entry != heaps[0]
        )
        memory = debugged.session.debugger.process.memory
        at = block.entry + (8 if memory.pointer_size == 8 else 0)
        memory.write(at, b"\x7f\x7f")  # the size of a block: what is whole can be broken
        assert debugged.call("kernel32!HeapValidate", heaps[0], 0, 0) == 0


@pytest.mark.parametrize("ram", [64 << 20, LITTLE_RAM])
def test_does_its_benchmark_run_to_the_end(seven_zip: Path, folder: str, ram: int) -> None:
    finished = run(seven_zip / folder / "7za.exe", "b", "1", "-md18", "-mmt=1", ram=ram)
    assert finished.report.exit_status == 0, finished.error + finished.output
    assert "\n18:" in finished.output
    assert "\nTot:" in finished.output
    assert finished.report.unexplained_faults == 0
