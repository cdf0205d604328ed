"""Does a profile know which Windows it is, and refuse machines that never were?"""

import pytest

from ntmm.nt.profile import PagingFileSize, SystemProfile

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("windows", "architecture", "release"),
    [
        ("auto", "x86", (5, 1, 2600, 2)),
        ("auto", "pae", (5, 1, 2600, 2)),
        ("auto", "x64", (5, 2, 3790, 2)),
        ("nt4", "x86", (4, 0, 1381, 6)),
        ("2000", "x86", (5, 0, 2195, 4)),
        ("2000", "pae", (5, 0, 2195, 4)),
        ("xp", "pae", (5, 1, 2600, 2)),
        ("xp", "x64", (5, 2, 3790, 2)),
        ("2003", "x86", (5, 2, 3790, 2)),
        ("2003", "x64", (5, 2, 3790, 2)),
    ],
)
def test_is_the_release_told_as_windows_tells_it(
    windows: str, architecture: str, release: tuple[int, int, int, int]
) -> None:
    version = SystemProfile(architecture=architecture, windows=windows).version
    assert (version.major, version.minor, version.build, version.service_pack) == release


@pytest.mark.parametrize(
    ("windows", "architecture", "sentence"),
    [
        ("nt4", "pae", "Windows NT 4.0 has no PAE kernel"),
        ("nt4", "x64", "Windows NT 4.0 has no x64 edition"),
        ("2000", "x64", "Windows 2000 has no x64 edition"),
        ("vista", "x86", "unknown Windows 'vista'"),
    ],
)
def test_is_a_windows_that_never_was_refused(windows: str, architecture: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SystemProfile(architecture=architecture, windows=windows)


@pytest.mark.parametrize(
    ("windows", "processors", "policy"),
    [
        ("nt4", 1, "fifo"),
        ("nt4", 2, "fifo"),
        ("2000", 1, "clock"),
        ("2000", 2, "fifo"),
        ("xp", 1, "ageing"),
        ("xp", 32, "ageing"),
        ("2003", 2, "ageing"),
        ("auto", 1, "ageing"),
    ],
)
def test_does_windows_choose_the_replacement_policy(windows: str, processors: int, policy: str) -> None:
    profile = SystemProfile(architecture="x86", windows=windows, processors=processors)
    assert profile.replacement_policy == policy
    asked = SystemProfile(architecture="x86", windows=windows, processors=processors, replacement="clock")
    assert asked.replacement_policy == "clock"


@pytest.mark.parametrize(
    ("ram", "minimum", "maximum"), [(64, 96, 192), (4096, 4095, 4095), (5, 7.5, 15), (2048, 3072, 4095)]
)
def test_is_there_one_paging_file_of_one_and_a_half_to_three_times_the_ram(
    ram: int, minimum: float, maximum: int
) -> None:
    profile = SystemProfile(ram=ram * MEGABYTE)
    assert profile.paging_file_sizes == (PagingFileSize(int(minimum * MEGABYTE), maximum * MEGABYTE),)


def test_are_odd_pages_of_ram_rounded_up() -> None:
    profile = SystemProfile(ram=5 * MEGABYTE + 4096)
    assert profile.paging_file_sizes[0].minimum == 7680 * 1024 + 8192


@pytest.mark.parametrize("files", [(), (PagingFileSize(MEGABYTE, MEGABYTE),) * 16])
def test_are_the_paging_files_those_that_were_asked_for(files: tuple[PagingFileSize, ...]) -> None:
    assert SystemProfile(paging_files=files).paging_file_sizes == files


@pytest.mark.parametrize(
    ("architecture", "files", "sentence"),
    [
        ("pae", (PagingFileSize(MEGABYTE, MEGABYTE),) * 17, "at most 16 paging files"),
        ("pae", (PagingFileSize(MEGABYTE - 4096, MEGABYTE),), "at least 1 MB"),
        ("pae", (PagingFileSize(2 * MEGABYTE, MEGABYTE),), "must not be below its minimum"),
        ("pae", (PagingFileSize(MEGABYTE + 1, 2 * MEGABYTE),), "multiples of 4096"),
        ("x86", (PagingFileSize(MEGABYTE, 4096 * MEGABYTE),), "architecture x86 can have at most 4095 MB"),
        ("x64", (PagingFileSize(MEGABYTE, (1 << 44) + 4096),), "architecture x64 can have at most 16777216 MB"),
    ],
)
def test_is_an_impossible_paging_file_refused(
    architecture: str, files: tuple[PagingFileSize, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        SystemProfile(architecture=architecture, paging_files=files)


@pytest.mark.parametrize("processors", [0, 33])
def test_is_a_wrong_number_of_processors_refused(processors: int) -> None:
    with pytest.raises(ValueError, match="1 to 32 processors"):
        SystemProfile(processors=processors)
