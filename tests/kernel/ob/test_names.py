"""Does the tree of names find what a plain dictionary of paths would?"""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.ob import Directory, KernelObject, ObjectNames, SymbolicLink
from ntmm.kernel.ob.directory import path_of
from ntmm.kernel.se import PRIVILEGES, Accounts, Token
from ntmm.kernel.se.acl import Acl
from ntmm.kernel.se.descriptor import descriptor_with_dacl
from ntmm.nt.status import Status

TOP: Final = "\\BaseNamedObjects"
WORDS: Final = ("a", "A", "b", "Global")
relative_paths = st.lists(st.sampled_from(WORDS[:3]), min_size=1, max_size=3).map("\\".join)
steps = st.tuples(st.sampled_from(["object", "directory", "remove"]), relative_paths)


def parent_of(path: str) -> str:
    return path.rpartition("\\")[0]


def add(names: ObjectNames, known: dict[str, KernelObject], path: str, target: KernelObject) -> None:
    """Puts an object in the tree where the dictionary has room for it, and both refuse it otherwise."""
    found = names.find(path)
    if path in known:
        assert (found.status, found.target) == (Status.SUCCESS, known[path])
    elif isinstance(known.get(parent_of(path)), Directory):
        assert (found.status, found.name) == (Status.OBJECT_NAME_NOT_FOUND, path.rpartition("\\")[2])
        assert found.directory is known[parent_of(path)]
        target.handle_count = 1
        found.directory.insert(found.name, target)
        known[path] = target
    else:
        assert found.status in (Status.OBJECT_PATH_NOT_FOUND, Status.OBJECT_TYPE_MISMATCH)


def remove(known: dict[str, KernelObject], path: str) -> None:
    """Closes the last handle to an object that nothing is in."""
    if path in known and not any(parent_of(other) == path for other in known):
        target = known.pop(path)
        target.handle_count = 0
        target.close_if_unused()


@given(st.lists(steps, max_size=30), st.lists(relative_paths, max_size=8))
def test_is_the_tree_a_dictionary_of_paths(steps: list[tuple[str, str]], asked: list[str]) -> None:
    names = ObjectNames()
    at_first = dict(names.items())
    known: dict[str, KernelObject] = {TOP: at_first[TOP]}
    for kind, relative in steps:
        path = f"{TOP}\\{relative}"
        if kind == "remove":
            remove(known, path)
        else:
            add(names, known, path, Directory() if kind == "directory" else KernelObject())
    assert dict(names.items()) == at_first | known
    for path, target in known.items():
        assert path_of(target) == path
        assert names.find(path[len(TOP) + 1 :], names.base_directory(0)).target is target
    for relative in asked:
        assert names.find(f"{TOP}\\{relative}").target is known.get(f"{TOP}\\{relative}")
        folded = names.find(f"{TOP.lower()}\\{relative}", ignore_case=True).target
        spellings = [other for path, other in known.items() if path.upper() == f"{TOP}\\{relative}".upper()]
        if len(spellings) == 1:
            assert folded is spellings[0] or "\\" in relative  # of two folders a and A only one is looked into


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", Status.OBJECT_PATH_SYNTAX_BAD),
        ("BaseNamedObjects", Status.OBJECT_PATH_SYNTAX_BAD),
        ("\\", Status.SUCCESS),
        ("\\BaseNamedObjects\\", Status.OBJECT_NAME_INVALID),
        ("\\BaseNamedObjects\\\\a", Status.OBJECT_NAME_INVALID),
        ("\\Nothing\\a", Status.OBJECT_PATH_NOT_FOUND),
        ("\\Nothing", Status.OBJECT_NAME_NOT_FOUND),
        ("\\Device\\Null\\a", Status.OBJECT_TYPE_MISMATCH),
        ("\\DosDevices\\C:", Status.SUCCESS),
        ("\\BaseNamedObjects\\Global\\Global\\Local\\x", Status.OBJECT_NAME_NOT_FOUND),
        ("\\circle\\a", Status.OBJECT_NAME_NOT_FOUND),
    ],
)
def test_what_does_a_path_mean(path: str, status: Status) -> None:
    names = ObjectNames()
    names.insert("\\circle", SymbolicLink("\\circle"), permanent=True)
    assert names.find(path).status is status


def test_are_links_followed_but_where_the_link_itself_is_asked_for() -> None:
    names, target = ObjectNames(), KernelObject()
    target.reference()
    names.insert("\\Device\\Thing", target, permanent=True)
    names.insert("link", SymbolicLink("\\Device"), permanent=True)
    assert names.get("link\\Thing") is target
    assert names.get("link") is names.get("\\Device")
    assert isinstance(names.find(f"{TOP}\\link", open_link=True).target, SymbolicLink)
    assert names.find("link\\Thing", names.base_directory(0), open_link=True).target is target


def test_has_every_session_names_of_its_own() -> None:
    names = ObjectNames()
    first, second = names.base_directory(1), names.base_directory(2)
    assert names.base_directory(1) is first is not second
    assert path_of(first) == "\\Sessions\\1\\BaseNamedObjects"
    target = KernelObject()
    target.handle_count = 1
    first.insert("x", target)
    for path, root, found in (
        ("x", first, target),
        ("Local\\x", first, target),
        ("Session\\1\\x", second, target),
        ("Session\\1\\x", names.base_directory(0), target),
        ("x", second, None),
        ("Global\\x", first, None),
        ("Session\\0\\x", first, None),
    ):
        assert names.find(path, root).target is found, path


def test_who_passes_through_a_directory() -> None:
    names, closed = ObjectNames(), Directory()
    closed.security = descriptor_with_dacl(None, None, Acl())
    names.insert("closed", closed, permanent=True)
    user = Token(Accounts().user("other"))
    assert names.find(f"{TOP}\\closed\\x", token=user).status is Status.OBJECT_NAME_NOT_FOUND
    user.set_enabled(PRIVILEGES["SeChangeNotifyPrivilege"], False)
    assert names.find(f"{TOP}\\closed\\x", token=user).status is Status.ACCESS_DENIED
    assert names.find(f"{TOP}\\other", token=user).status is Status.OBJECT_NAME_NOT_FOUND
