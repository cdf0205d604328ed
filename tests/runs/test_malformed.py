"""Does every broken program end with one sentence, or run harmlessly?"""

from pathlib import Path

import pytest

from ntmm.runner.errors import UserError
from tests.pe.mutations import mutations
from tests.runs.running import run, sample

WANTED = 300
SEED = 2004


@pytest.mark.parametrize("part", range(4))
def test_is_every_mutated_program_refused_or_run_to_an_end(part: int, own_folder: Path) -> None:
    """Both architectures together make far more than 300; each part is a share of them for one worker."""
    count = 0
    for folder in ("x86", "x64"):
        data = sample(folder, "hello").read_bytes()
        for number, (name, mutant) in enumerate(mutations(data, SEED)):
            if number % 4 != part:
                continue
            count += 1
            _check(own_folder, name, mutant)
    assert count * 4 >= WANTED


def _check(folder: Path, name: str, mutant: bytes) -> None:
    program = folder / "mutant.exe"
    program.write_bytes(mutant)
    sentence = _refusal(program)
    if sentence is not None:
        assert sentence, name
        assert "\n" not in sentence, name
        assert "books" not in sentence, (name, sentence)
    assert [path.name for path in folder.iterdir()] == ["mutant.exe"], name


def _refusal(program: Path) -> str | None:
    """What the user is told, or None if the program could be run."""
    try:
        run(program, time_limit=5, output_limit=1 << 16)
    except UserError as error:
        return error.sentence
    return None
