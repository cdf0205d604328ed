"""Which paths name performance counters?"""

import pytest

from ntmm.win32.performance_counters import CounterPath, parse_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("\\Memory\\Pages/sec", CounterPath("Memory", "", "Pages/sec")),
        ("\\\\MACHINE\\Memory\\Pages/sec", CounterPath("Memory", "", "Pages/sec")),
        ("\\Process(a#1)\\Private Bytes", CounterPath("Process", "a#1", "Private Bytes")),
        (
            "\\Paging File(\\??\\C:\\pagefile.sys)\\% Usage",
            CounterPath("Paging File", "\\??\\C:\\pagefile.sys", "% Usage"),
        ),
        ("Memory\\Pages/sec", None),
        ("\\Memory", None),
        ("\\Memory\\", None),
        ("\\Process(a\\Private Bytes", None),
        ("\\\\MACHINE", None),
        ("", None),
    ],
)
def test_what_does_a_path_name(text: str, path: CounterPath | None) -> None:
    assert parse_path(text) == path
