"""Does a program that nobody here wrote run unmodified?"""

import hashlib
import random
from pathlib import Path

import pytest

from tests.runs.running import run

pytestmark = [pytest.mark.external, pytest.mark.parametrize("folder", ["ia32", "x64"])]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, which programs see as C:."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
