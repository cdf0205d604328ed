"""Every debugged run happens in a folder of its own; programs with symbols are compiled once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ntmm.runner.compile import compile_program

SOURCE = """
int counter;
static __attribute__((noinline)) int twice(int number) { volatile int copy = number; return copy * 2; }
__attribute__((noinline)) int four_times(int number) { return twice(number) + twice(number + 1); }
int main(int count, char **words)
{
    counter = four_times(count);
    if (count == 2)
        for (;;)
            counter++;
    return counter;
}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, which programs see as C:."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def with_symbols(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The program of SOURCE for "x86" or "x64"; with one argument it never ends."""
    folder = tmp_path_factory.mktemp("symbols")
    source = folder / "calls.c"
    source.write_text(SOURCE)

    def build(architecture: str) -> Path:
        place = folder / architecture
        if not place.exists():
            place.mkdir()
            compile_program(source, architecture, place, with_symbols=True)
        return place / "calls.exe"

    return build
