"""Who may do what on a machine with several users and sessions?"""

import io
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.run import run_program
from tests.runs.running import MACHINES, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)
TO_ALL = "D:(A;;GA;;;WD)"


def run_lines(lines: Sequence[ProgramLine], architecture: str = "auto") -> tuple[list[int], str]:
    """Exit statuses of the programs in order, and what they wrote."""
    output, error = io.BytesIO(), io.BytesIO()
    first, *others = lines
    options = RunOptions(
        program=first.program,
        arguments=first.arguments,
        user=first.user,
        session=first.session,
        others=others,
        architecture=architecture,
        checking=True,
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=error,
    )
    report = run_program(options)
    text = (output.getvalue() + error.getvalue()).decode("ascii").replace("\r\n", "\n")
    return [row.exit_status for row in report.processes], text


@PLACES
@pytest.mark.parametrize(("user", "session"), [("", 0), ("somebody", 0), ("somebody", 7)])
def test_does_every_check_of_the_program_pass(
    folder: str, architecture: str, user: str, session: int, own_folder: Path
) -> None:
    statuses, text = run_lines([ProgramLine(sample(folder, "security"), (), user, session)], architecture)
    assert "FAIL" not in text, text
    assert (statuses, text.rstrip().endswith("checks passed")) == ([0], True), text
    assert list(own_folder.iterdir()) == []


@PLACES
def test_is_the_second_user_refused(folder: str, architecture: str) -> None:
    program = sample(folder, "exchange")
    lines = [ProgramLine(program, ("guard",)), ProgramLine(program, ("intrude",), "other")]
    statuses, text = run_lines(lines, architecture)
    assert statuses == [0, 0], text
    assert "PASS  writing it: ERROR_ACCESS_DENIED" in text


@PLACES
@pytest.mark.parametrize("users", [("", "other"), ("one", ""), ("one", "other")])
def test_does_a_list_that_names_everybody_admit_both(folder: str, architecture: str, users: tuple[str, str]) -> None:
    program = sample(folder, "exchange")
    roles = zip(("produce", "consume"), users, strict=True)
    lines = [ProgramLine(program, (role, "300", TO_ALL), user) for role, user in roles]
    statuses, text = run_lines(lines, architecture)
    assert statuses == [0, 0], text
    assert "PASS  300 messages were consumed in order, each as it was sent" in text


def test_is_it_the_list_that_refuses() -> None:
    program = sample("x86", "exchange")
    lines = [ProgramLine(program, ("guard", "1", TO_ALL)), ProgramLine(program, ("intrude",), "other")]
    statuses, text = run_lines(lines)
    assert statuses == [0, 1]
    assert text.count("FAIL  ") == 6  # all but the event that is open in any case


def test_is_it_the_user_who_is_refused() -> None:
    program = sample("x86", "exchange")
    lines = [ProgramLine(program, ("guard",), "other"), ProgramLine(program, ("intrude",), "other")]
    assert run_lines(lines)[0] == [0, 1]


def test_does_another_session_see_the_name() -> None:
    program = sample("x86", "exchange")
    lines = [ProgramLine(program, ("guard",)), ProgramLine(program, ("intrude",), session=1)]
    statuses, text = run_lines(lines)
    assert statuses == [1, 1], text
    assert "FAIL  the event that is open to all opens" in text


PROBE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
static DWORD try_open(DWORD id, DWORD access)
{
    HANDLE process = OpenProcess(access, FALSE, id);
    DWORD code = process ? 0 : GetLastError();
    if (process)
        CloseHandle(process);
    return code;
}
static DWORD enable(const char *name)
{
    TOKEN_PRIVILEGES wanted = {1, {{{0, 0}, SE_PRIVILEGE_ENABLED}}};
    HANDLE token;
    OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token);
    LookupPrivilegeValueA(NULL, name, &wanted.Privileges[0].Luid);
    AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
    return GetLastError();
}
int main(int argc, char **argv)
{
    DWORD id = strtoul(argv[1], NULL, 10);
    if (argc > 2) {
        HANDLE map = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 1, argv[2]);
        printf("create %lu\\n", map ? 0 : GetLastError());
        return 0;
    }
    if (!id) {
        Sleep(1000);
        return 0;
    }
    printf("open %lu %lu\\n", try_open(id, PROCESS_QUERY_INFORMATION), try_open(id, PROCESS_VM_READ));
    printf("debug %lu ", enable(SE_DEBUG_NAME));
    printf("%lu\\n", try_open(id, 0x1F0FFF));
    return 0;
}
"""


@pytest.fixture
def probe(own_folder: Path) -> Path:
    program = own_folder / "probe.c"
    program.write_text(PROBE)
    return program


@pytest.mark.parametrize(
    ("victim", "prober", "answer"),
    [
        ("other", "", "open 5 5\ndebug 0 0\n"),
        ("", "other", "open 5 5\ndebug 1300 5\n"),
        ("other", "other", "open 0 0\ndebug 1300 0\n"),
        ("", "", "open 0 0\ndebug 0 0\n"),
    ],
)
def test_who_opens_a_process(probe: Path, victim: str, prober: str, answer: str) -> None:
    lines = [ProgramLine(probe, ("0",), victim), ProgramLine(probe, ("8",), prober)]  # 8: the first process's id
    assert run_lines(lines) == ([0, 0], answer)


RUNNER = """
#include <stdio.h>
#include <windows.h>
#include <sddl.h>
static DWORD run(const char *sddl)
{
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    PSECURITY_DESCRIPTOR descriptor;
    char line[] = "copy.exe";
    ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, SDDL_REVISION_1, &descriptor, NULL);
    SetFileSecurityA("copy.exe", DACL_SECURITY_INFORMATION, descriptor);
    if (!CreateProcessA("copy.exe", line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child))
        return GetLastError();
    WaitForSingleObject(child.hProcess, INFINITE);
    return 0;
}
int main(int argc, char **argv)
{
    printf("%lu ", run("D:(A;;GR;;;WD)"));
    printf("%lu\\n", run("D:(A;;GRGX;;;WD)"));
    return 0;
}
"""


def test_who_starts_a_program(own_folder: Path) -> None:
    (own_folder / "runner.c").write_text(RUNNER)
    shutil.copyfile(sample("x86", "hello"), own_folder / "copy.exe")
    statuses, text = run_lines([ProgramLine(own_folder / "runner.c")])
    assert statuses == [0, 0]
    assert "5 0\n" in text


@pytest.mark.parametrize(
    ("user", "session", "name", "answer"),
    [
        ("other", 0, "Global\\map", 0),
        ("other", 1, "map", 0),
        ("other", 1, "Local\\map", 0),
        ("other", 1, "Session\\1\\map", 0),
        ("other", 1, "Global\\map", 5),
        ("", 1, "Global\\map", 0),
        ("other", 0, "Nowhere\\map", 3),
    ],
)
def test_who_names_a_section_where(probe: Path, user: str, session: int, name: str, answer: int) -> None:
    assert run_lines([ProgramLine(probe, ("0", name), user, session)]) == ([0], f"create {answer}\n")
