"""Are several C sources compiled apart, and each of them once?"""

from pathlib import Path

import pytest

from ntmm.runner import run
from ntmm.runner.options import ProgramLine, RunOptions


def test_is_each_source_compiled_once_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[tuple[Path, str, Path]] = []

    def compile_program(source: Path, architecture: str, folder: Path, with_symbols: bool) -> Path:
        assert folder.is_dir()
        compiled.append((source, architecture, folder))
        return folder / f"{source.stem}.exe"

    monkeypatch.setattr(run, "compile_program", compile_program)
    words = ["a/x.c", "prog.exe", "b/x.c", "a/x.c"]
    first, *others = (ProgramLine(Path(word)) for word in words)
    options = RunOptions(program=first.program, others=others, architecture="x64")
    paths = run._compiled(options, tmp_path)
    assert [path.name for path in paths] == ["x.exe", "prog.exe", "x.exe", "x.exe"]
    assert paths[0] == paths[3] != paths[2]
    assert [(source, architecture) for source, architecture, _ in compiled] == [
        (Path("a/x.c"), "x64"),
        (Path("b/x.c"), "x64"),
    ]
