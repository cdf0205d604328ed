"""What does a program learn when the disk under a paging file does not give its memory back?"""

import errno
import itertools
from collections.abc import Callable

import pytest

from ntmm.kernel.io.paging_store import HostPagingStore
from ntmm.nt.profile import PagingFileSize
from tests.runs.running import MACHINES, run, sample

MB = 1 << 20
FILE = (PagingFileSize(32 * MB, 32 * MB),)


Read = Callable[[HostPagingStore, int, int], bytes]


def failing_once(which: int, error: int) -> Read:
    """Reads of the host's file, of which the `which`-th fails with an error or, for 0, gives too little."""
    number, original = itertools.count(1), HostPagingStore.read

    def read(store: HostPagingStore, offset: int, size: int) -> bytes:
        data = original(store, offset, size)
        if next(number) != which:
            return data
        if error:
            raise OSError(error, "injected")
        return data[:-10]

    return read


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
@pytest.mark.parametrize(
    ("error", "status"), [(errno.EIO, "C0000185"), (errno.EACCES, "C0000022"), (0, "C0000011")], ids=str
)
def test_does_an_in_page_error_name_the_status_of_the_read(
    folder: str, architecture: str, error: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HostPagingStore, "read", failing_once(100, error))
    finished = run(sample(folder, "inpage"), "12", architecture=architecture, ram=8 * MB, paging_files=FILE)
    told = f"in-page error: 3 parameters, access 0, page offset 5, NTSTATUS {status}"
    assert finished.output.splitlines() == ["PASS  memory is committed", told]
    assert finished.report.exit_status == 7
    assert finished.report.unexplained_faults == 0


@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_does_the_program_find_everything_on_a_disk_that_works(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "inpage"), "12", architecture=architecture, ram=8 * MB, paging_files=FILE)
    assert finished.output.splitlines()[1] == "PASS  every page holds what was written"
    assert finished.report.exit_status == 0
