import pytest

from ntmm.kernel.io.names import device_name, fold, is_legal_name, matches

REFUSED_DEVICES = ["NUL", "nul.txt", "con", "AUX.c", "prn", "com1", "lpt9.tar.gz", "COM\u00b9", "conin$"]


@pytest.mark.parametrize("name", ["a", "A.B", ".git", "a b", "ä.txt", "日本", "com10", "nullable", "x" * 255])
def test_which_names_are_legal(name: str) -> None:
    assert is_legal_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a.",
        "a ",
        "a/b",
        "a\\b",
        "a:b",
        "a*",
        "a?",
        "<",
        ">",
        "|",
        '"',
        "\0",
        "\x1f",
        "x" * 256,
        *REFUSED_DEVICES,
        "\udc80",
    ],
)
def test_which_names_are_refused(name: str) -> None:
    assert not is_legal_name(name)


def test_does_a_device_keep_its_name_with_an_extension() -> None:
    assert device_name("nul.txt") == "NUL"
    assert device_name("com1 .x") == "COM1"
    assert device_name("common") is None


def test_do_names_fold_one_character_for_one() -> None:
    assert fold("straße") == "STRAßE"
    assert fold("Ärger") == "ÄRGER"


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "anything", True),
        ("*.*", "noextension", True),
        ("*.txt", "A.TXT", True),
        ("*.txt", "a.txt2", False),
        ("*.", "noextension", True),
        ("*.", "a.txt", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a??.txt", "a.txt", True),
        ("a??.txt", "abcd.txt", False),
        ("file?", "file", True),
        ("file?", "file12", False),
        ("a.b", "a.b", True),
        ("a.b", "axb", False),
        ("[a]*", "[a]b", True),
        ("*a*b*", "xxayyb", True),
    ],
)
def test_what_a_pattern_matches(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected
