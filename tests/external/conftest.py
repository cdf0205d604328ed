"""7-Zip's command-line program, fetched from the npm registry: nobody of this project wrote it."""

import subprocess
import tarfile
from pathlib import Path

import pytest

PACKAGE = "7zip-bin@5.2.0"
FOLDERS = {"ia32": "pae", "x64": "x64"}


@pytest.fixture(scope="session")
def seven_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds ia32/7za.exe and x64/7za.exe."""
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=300)
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package" / "win"
