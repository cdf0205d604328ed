"""Does SWIG from its wheels write the bindings that its own build for the host writes?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.external.conftest import WINDOWS
from tests.external.registries import program
from tests.runs.running import run

pytestmark = [pytest.mark.external, pytest.mark.parametrize("platform", WINDOWS)]

INTERFACE = """\
%module shapes
%include "std_string.i"
%include "std_vector.i"
%{
#include "shapes.h"
%}
%template(Doubles) std::vector<double>;
class Shape {
public:
  virtual ~Shape();
  virtual double area() const = 0;
  std::string name;
};
class Circle : public Shape {
public:
  Circle(double radius, const std::string &name = "circle");
  double area() const;
};
double total(const std::vector<double> &areas);
#define PI 3.14159
"""
HOST = "manylinux1_x86_64"


def install(wheel: Path, folder: Path) -> Path:
    """swig.exe with its library beside it, where it looks for it."""
    shutil.copytree(wheel / "swig" / "data" / "share" / "swig" / "4.2.1", folder / "Lib")
    return Path(shutil.copy(program(wheel, "swig.exe"), folder / "swig.exe"))


@pytest.mark.parametrize(("language", "made"), [("python", "shapes.py"), ("lua", None)])
def test_are_the_bindings_those_of_the_host(
    swig: dict[str, Path], platform: str, own_folder: Path, language: str, made: str | None
) -> None:
    (own_folder / "shapes.i").write_text(INTERFACE)
    words = [f"-{language}", "-c++", "-o", "wrap.cxx", "shapes.i"]
    finished = run(install(swig[platform], own_folder), *words)
    assert finished.report.exit_status == 0, finished.output + finished.error
    files = ["wrap.cxx"] + ([made] if made else [])
    ours = {name: (own_folder / name).read_bytes().replace(b"\r\n", b"\n") for name in files}
    environment = os.environ | {"SWIG_LIB": str(own_folder / "Lib")}
    subprocess.run([program(swig[HOST], "swig"), *words], check=True, env=environment, timeout=60)
    assert ours == {name: (own_folder / name).read_bytes() for name in files}
    assert finished.report.unexplained_faults == 0


def test_does_it_refuse_a_wrong_interface(swig: dict[str, Path], platform: str, own_folder: Path) -> None:
    (own_folder / "wrong.i").write_text("%module wrong\nint f(;\n")
    finished = run(install(swig[platform], own_folder), "-xml", "wrong.i")
    assert finished.report.exit_status == 1
    assert "Error: Syntax error" in finished.error
