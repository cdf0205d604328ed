"""A C source becomes a program: the compiler's messages pass through, and our own say one thing."""

import importlib.util
from pathlib import Path

import pytest

from ntmm.runner import compile as compiler
from ntmm.runner.errors import UserError


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The compiler's command lines, noted and not run."""
    noted: list[tuple[str, ...]] = []
    monkeypatch.setattr(compiler, "_zig", lambda source, *arguments: noted.append(arguments))
    return noted


def source(folder: Path, text: str) -> Path:
    path = folder / "sample.c"
    path.write_text(text, encoding="ascii")
    return path


@pytest.mark.parametrize(
    ("architecture", "target"),
    [
        ("auto", "x86-windows-gnu"),
        ("x86", "x86-windows-gnu"),
        ("pae", "x86-windows-gnu"),
        ("x64", "x86_64-windows-gnu"),
    ],
)
def test_is_an_ordinary_source_built_in_one_step(
    tmp_path: Path, commands: list[tuple[str, ...]], architecture: str, target: str
) -> None:
    program = compiler.compile_program(source(tmp_path, "int main(void) { return 0; }"), architecture, tmp_path)
    assert program == tmp_path / "sample.exe"
    (command,) = commands
    assert command[:3] == ("cc", "-target", target)
    assert command[-2:] == ("-o", str(program))


@pytest.mark.parametrize(("architecture", "machine"), [("x86", "x86"), ("x64", "x86_64")])
def test_are_sources_with_frames_built_for_the_target_that_knows_them(
    tmp_path: Path, commands: list[tuple[str, ...]], architecture: str, machine: str
) -> None:
    compiler.compile_program(source(tmp_path, "void f(void) { __try { g(); } __finally { } }"), architecture, tmp_path)
    compiled, library, linked = commands
    assert compiled[:3] == ("cc", "-target", f"{machine}-windows-msvc")
    assert library[0] == "dlltool"
    assert linked[:3] == ("cc", "-target", f"{machine}-windows-gnu")
    assert {str(tmp_path / "sample.obj"), str(tmp_path / "frame_handler.lib")} <= set(linked)


def test_is_cpp_built_by_the_cpp_compiler_with_or_without_microsofts_ways(
    tmp_path: Path, commands: list[tuple[str, ...]]
) -> None:
    path = tmp_path / "sample.cpp"
    path.write_text("int main() { throw 1; }", encoding="ascii")
    compiler.compile_program(path, "x64", tmp_path)
    assert [command[:3] for command in commands] == [("c++", "-target", "x86_64-windows-gnu")]
    commands.clear()
    compiler.compile_program(path, "x64", tmp_path, microsoft=True)
    assert [command[0] for command in commands] == ["c++", "dlltool", "cc"]
    assert commands[0][2] == "x86_64-windows-msvc"
    assert "-fcxx-exceptions" in commands[0]


def test_does_a_missing_compiler_take_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"^compiling a C source needs the Python package ziglang"):
        compiler.compile_program(source(tmp_path, "int main(void) { return 0; }"), "x86", tmp_path)


def test_does_a_missing_source_take_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^cannot read .*absent\.c: No such file or directory$"):
        compiler.compile_program(tmp_path / "absent.c", "x64", tmp_path)


def test_is_the_compilers_own_message_passed_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ziglang")
    # A source with __try: its first step only compiles, so that no library has to be built for linking.
    wrong = source(tmp_path, "int f(void) { __try { return undeclared; } __finally { } }")
    with pytest.raises(UserError, match=r"sample\.c does not compile$"):
        compiler.compile_program(wrong, "x86", tmp_path)
    assert "undeclared" in capfd.readouterr().err
