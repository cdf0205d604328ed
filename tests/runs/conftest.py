"""Every run happens in a folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, which programs see as C:."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
