"""Does ShellCheck, a program of Haskell with its own collector of garbage, complain as its build for the host does?"""

import subprocess
from pathlib import Path

import pytest

from tests.external.registries import program
from tests.runs.running import run

pytestmark = pytest.mark.external

HOST = "manylinux2014_x86_64"
SCRIPT = """\
#!/bin/sh
for f in $(ls *.txt); do
  if [ $f = "a" ]; then echo "x"; fi
  cd $HOME/foo
  read line
  echo `date` "$line"
done
[[ $a == 1 ]] && rm -rf $dir/*
function g { local x=$(false); echo $x; }
"""


@pytest.mark.parametrize("form", ["gcc", "json", "diff"])
@pytest.mark.parametrize("megabytes", [64, 16])
def test_does_it_say_the_same(shellcheck: dict[str, Path], form: str, megabytes: int, own_folder: Path) -> None:
    (own_folder / "script.sh").write_text(SCRIPT)
    words = ("-f", form, "script.sh")
    command = [str(program(shellcheck[HOST], "shellcheck")), *words]
    expected = subprocess.run(command, capture_output=True, check=False, timeout=60)
    finished = run(program(shellcheck["win_amd64"], "shellcheck.exe"), *words, ram=megabytes << 20)
    assert finished.report.exit_status == expected.returncode, finished.error
    assert finished.output == expected.stdout.decode()
    assert finished.report.unexplained_faults == 0
