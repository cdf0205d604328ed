"""Do pyproject.toml, the lock file and the code tell one story?"""

import ast
import re
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {canonical(Requirement(text).name) for text in requirements}


RUN_TIME = names(PROJECT["project"]["dependencies"])
DEVELOPMENT = names(PROJECT["dependency-groups"]["dev"])


def imported_packages() -> set[str]:
    """Top-level names that the package imports from elsewhere."""
    found: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"ntmm"}


def closure(roots: set[str]) -> dict[str, str]:
    """Versions of what is installed for `roots`, dependencies included."""
    versions: dict[str, str] = {}
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        found = distribution(name)
        versions[name] = found.version
        for text in found.requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.add(canonical(requirement.name))
        waiting -= versions.keys()
    return versions


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_is_every_imported_package_declared_and_every_declared_one_imported() -> None:
    providers = packages_distributions()
    # The sample programs' compiler belongs to the development group; the package says so where it is missing.
    imported = {canonical(provider) for name in imported_packages() for provider in providers.get(name, [name])}
    assert imported - {"ziglang"} == RUN_TIME


def test_does_every_dependency_have_a_lower_bound() -> None:
    requirements = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    assert not [
        text for text in requirements if not any(bound.operator == ">=" for bound in Requirement(text).specifier)
    ]


def test_does_the_lock_file_hold_the_closure_of_the_dependencies() -> None:
    assert locked() == closure(RUN_TIME | DEVELOPMENT)


def test_is_no_linter_rule_ignored_without_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert ignored
    assert not [line for line in ignored[1].splitlines() if not re.fullmatch(r'    "[A-Z]+\d*", +# .+', line)]
