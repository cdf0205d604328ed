"""Which locks of byte ranges exclude each other, and what do they forbid?"""

from collections.abc import Callable, Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.locks import ByteRange, ByteRangeLocks
from ntmm.nt.status import Status

Check = Callable[[ByteRange, object, Hashable], None]

ONE, OTHER = object(), object()
PROCESS = (8, 0)


@pytest.mark.parametrize(
    ("one", "other", "touch"),
    [
        ((0, 10), (10, 10), False),
        ((0, 10), (9, 1), True),
        ((5, 0), (0, 10), True),
        ((0, 0), (0, 10), False),
        ((10, 0), (0, 10), False),
        ((5, 0), (5, 0), False),
        ((0, (1 << 64) - 1), (1 << 63, 1), True),
    ],
)
def test_when_do_ranges_touch(one: tuple[int, int], other: tuple[int, int], touch: bool) -> None:
    assert ByteRange(*one).touches(ByteRange(*other)) is touch
    assert ByteRange(*other).touches(ByteRange(*one)) is touch


@pytest.mark.parametrize(("first", "second", "granted"), [(0, 0, True), (0, 1, False), (1, 0, False), (1, 1, False)])
@pytest.mark.parametrize("opened", [ONE, OTHER])
def test_do_only_shared_locks_lie_together(first: int, second: int, granted: bool, opened: object) -> None:
    locks = ByteRangeLocks()
    assert locks.take(ByteRange(0, 100), ONE, PROCESS, bool(first))
    assert locks.take(ByteRange(50, 100), opened, PROCESS, bool(second)) is granted
    assert locks.take(ByteRange(200, 1), opened, PROCESS, True)


def is_forbidden(check: Check, opened: object, owner: Hashable, where: tuple[int, int]) -> bool:
    try:
        check(ByteRange(*where), opened, owner)
    except IoFailure as failure:
        return failure.status is Status.FILE_LOCK_CONFLICT
    return False


def forbidden(locks: ByteRangeLocks, opened: object, owner: Hashable = PROCESS, where: tuple[int, int] = (5, 1)) -> str:
    """The letters of what is forbidden: r for reading, w for writing."""
    checks = {"r": locks.check_read, "w": locks.check_write}
    return "".join(letter for letter, check in checks.items() if is_forbidden(check, opened, owner, where))


@pytest.mark.parametrize(("exclusive", "owner", "others"), [(True, "", "rw"), (False, "w", "w")])
def test_whom_does_a_lock_bind(exclusive: bool, owner: str, others: str) -> None:
    locks = ByteRangeLocks()
    locks.take(ByteRange(0, 10), ONE, PROCESS, exclusive)
    assert forbidden(locks, ONE) == owner
    assert forbidden(locks, OTHER) == others
    assert forbidden(locks, ONE, (12, 0)) == others
    assert forbidden(locks, OTHER, where=(10, 5)) == ""
    assert forbidden(locks, OTHER, where=(5, 0)) == ""


def test_must_a_range_be_given_up_as_it_was_locked() -> None:
    locks = ByteRangeLocks()
    locks.take(ByteRange(0, 10), ONE, PROCESS, True)
    for where, opened, owner in (
        (ByteRange(0, 9), ONE, PROCESS),
        (ByteRange(0, 10), OTHER, PROCESS),
        (ByteRange(0, 10), ONE, (8, 1)),
    ):
        with pytest.raises(IoFailure) as failure:
            locks.release(where, opened, owner)
        assert failure.value.status is Status.RANGE_NOT_LOCKED
    locks.release(ByteRange(0, 10), ONE, PROCESS)
    assert len(locks) == 0


def test_can_no_file_have_such_a_range() -> None:
    with pytest.raises(IoFailure) as failure:
        ByteRangeLocks().take(ByteRange((1 << 64) - 1, 2), ONE, PROCESS, True)
    assert failure.value.status is Status.INVALID_LOCK_RANGE


def test_who_is_woken_when_a_lock_goes() -> None:
    locks, woken = ByteRangeLocks(), list[str]()
    locks.take(ByteRange(0, 10), ONE, PROCESS, True)
    locks.when_released(lambda: woken.append("first"))
    locks.release_all(OTHER)
    assert woken == []
    locks.release_all(ONE)
    assert woken == ["first"]
    locks.take(ByteRange(0, 10), ONE, PROCESS, True)
    locks.release(ByteRange(0, 10), ONE, PROCESS)
    assert woken == ["first"]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 7), st.integers(0, 4)), max_size=30))
def test_is_no_byte_ever_locked_twice_but_by_shared_locks(steps: list[tuple[bool, bool, int, int]]) -> None:
    locks, held = ByteRangeLocks(), list[tuple[bool, set[int]]]()
    for first, exclusive, offset, length in steps:
        covered = set(range(offset, offset + length))
        if locks.take(ByteRange(offset, length), ONE if first else OTHER, PROCESS, exclusive):
            assert not any((exclusive or other) and covered & taken for other, taken in held)
            held.append((exclusive, covered))
        elif length and all(taken for _, taken in held):
            assert any((exclusive or other) and covered & taken for other, taken in held)
