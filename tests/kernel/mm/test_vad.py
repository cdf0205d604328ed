"""The VAD tree against a plain set of page numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.mm.vad import Vad, VadKind, VadTree
from ntmm.nt.memory import MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE, MM_READWRITE

LOW, HIGH = 16, 127


def vad(start: int, end: int) -> Vad:
    return Vad(start, end, VadKind.PRIVATE, MM_READWRITE)


@st.composite
def trees(draw: st.DrawFn) -> VadTree:
    tree = VadTree()
    for start, pages in draw(st.lists(st.tuples(st.integers(LOW, HIGH), st.integers(1, 20)), max_size=12)):
        end = min(HIGH, start + pages - 1)
        if tree.overlapping(start, end) is None:
            tree.insert(vad(start, end))
    for found in tree:
        if draw(st.booleans()):
            tree.remove(found)
    return tree


def used(tree: VadTree) -> dict[int, Vad]:
    return {vpn: found for found in tree for vpn in range(found.start_vpn, found.end_vpn + 1)}


@given(trees())
def test_does_every_page_find_its_vad(tree: VadTree) -> None:
    pages = used(tree)
    assert len(pages) == sum(found.pages for found in tree)
    for vpn in (*range(LOW - 2, HIGH + 3), *range(HIGH, LOW, -1)):
        assert tree.find(vpn) is pages.get(vpn)
        assert tree.next_after(vpn) is next((found for found in tree if found.start_vpn > vpn), None)
    assert tree.last() is (list(tree)[-1] if len(tree) else None)


@given(trees(), st.integers(LOW, HIGH), st.integers(0, 30))
def test_which_vad_does_a_range_overlap(tree: VadTree, start: int, more: int) -> None:
    pages = used(tree)
    expected = next((pages[vpn] for vpn in range(start, start + more + 1) if vpn in pages), None)
    assert tree.overlapping(start, start + more) is expected


@given(trees(), st.integers(1, 40), st.sampled_from([1, 4, 16]), st.booleans(), st.integers(LOW, HIGH))
def test_is_the_first_or_last_free_place_found(
    tree: VadTree, pages: int, granularity: int, top_down: bool, high: int
) -> None:
    taken = used(tree)
    places = [
        start
        for start in range(0, high + 1, granularity)
        if start >= LOW and start + pages - 1 <= high and not any(start <= vpn < start + pages for vpn in taken)
    ]
    expected = (places[-1] if top_down else places[0]) if places else None
    assert tree.find_empty(pages, granularity, LOW, high, top_down) == expected


@pytest.mark.parametrize(("start", "end"), [(20, 29), (29, 40), (10, 20), (22, 23), (5, 4)])
def test_is_an_overlapping_vad_refused(start: int, end: int) -> None:
    tree = VadTree()
    tree.insert(vad(20, 29))
    with pytest.raises(AssertionError):
        tree.insert(vad(start, end))


def test_does_a_removed_vad_leave_no_hint_behind() -> None:
    tree, first = VadTree(), vad(20, 29)
    tree.insert(first)
    assert tree.find(25) is first
    tree.remove(first)
    assert (tree.find(25), len(tree)) == (None, 0)


def test_which_type_does_virtual_query_tell() -> None:
    assert {kind.name: (kind.memory_type, vad.is_view, vad.memory_is_counted) for kind, vad in _one_of_each()} == {
        "PRIVATE": (MEM_PRIVATE, False, True),
        "MAPPED": (MEM_MAPPED, True, True),
        "IMAGE": (MEM_IMAGE, True, True),
        "SHARED_PAGE": (MEM_PRIVATE, False, False),
        "PHYSICAL": (MEM_PRIVATE, False, True),
        "LARGE_PAGES": (MEM_PRIVATE, False, True),
    }


def _one_of_each() -> list[tuple[VadKind, Vad]]:
    return [(kind, Vad(1, 1, kind, MM_READWRITE)) for kind in VadKind]
