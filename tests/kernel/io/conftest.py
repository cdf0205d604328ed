from collections.abc import Iterator
from pathlib import Path

import pytest

from ntmm.kernel.io.volume import Volume


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The host's folder that is C:, with a secret beside it."""
    root = tmp_path / "drive"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    return root


@pytest.fixture(params=["plain", "overlay"])
def volume(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Volume]:
    """A volume over `folder`; its content may still be made by the test."""
    made = Volume(folder, tmp_path / "overlay" if request.param == "overlay" else None)
    yield made
    made.close()


@pytest.fixture
def overlaid(folder: Path, tmp_path: Path) -> Iterator[Volume]:
    """A volume with an overlay."""
    made = Volume(folder, tmp_path / "overlay")
    yield made
    made.close()
