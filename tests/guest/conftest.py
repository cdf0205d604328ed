"""The guest's C code compiled for the host, so that its pure parts can be driven directly."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tests.guest.host import GUEST, Host, load

ROOMS = ("memory", "text", "time", "heap", "sync", "stdio", "math")
MORE = ("crt/thread_data.c", "crt/errno.c", "crt/command_line.c", "crt/arguments.c", "crt/environment.c")
SECURITY = ("security/sid.c", "security/acl.c", "security/descriptor.c")
FLAGS = (
    *("-shared", "-fPIC", "-O1", "-std=gnu17", "-DNTMM_HOST", "-fshort-wchar", "-fno-builtin", "-ffreestanding"),
    *("-fno-tree-loop-distribute-patterns", "-fno-strict-aliasing", "-fno-stack-protector", "-w", "-Wl,-Bsymbolic"),
)


@pytest.fixture(scope="session")
def shared_object(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared object; skips where there is no C compiler for 64-bit x86."""
    compiler = shutil.which("gcc")
    if compiler is None or struct.calcsize("P") != 8:
        pytest.skip("gcc for a 64-bit host is needed to compile the guest's code for the host")
    output = tmp_path_factory.mktemp("guest") / "guest.so"
    source = GUEST / "source"
    files = [path for room in ROOMS for path in sorted((source / room).glob("*.c"))]
    files += [source / name for name in (*MORE, *SECURITY)]
    shim = Path(__file__).parent / "host_shim.c"
    subprocess.run([compiler, *FLAGS, "-I", source / "include", "-o", output, *files, shim], check=True)
    return output


@pytest.fixture(scope="session")
def host(shared_object: Path) -> Host:
    """The guest's code, loaded."""
    return load(shared_object)
