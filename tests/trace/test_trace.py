"""Do subscribers see the events, and only while they want them?"""

from ntmm.trace import ApiCall, Event, PageMoved, Trace

MOVED = PageMoved(10, 7, "active", "free")
CALLED = ApiCall(20, 4, 8, "kernel32", "VirtualAlloc")


def test_is_a_new_trace_off() -> None:
    assert not Trace().enabled


def test_does_every_subscriber_get_every_event_in_order() -> None:
    trace = Trace()
    first: list[Event] = []
    second: list[Event] = []
    trace.subscribe(first.append)
    trace.emit(MOVED)
    trace.subscribe(second.append)
    trace.emit(CALLED)
    assert (first, second) == ([MOVED, CALLED], [CALLED])


def test_is_the_trace_off_again_after_the_last_subscriber_left() -> None:
    trace = Trace()
    seen: list[Event] = []
    leave_first, leave_second = trace.subscribe(seen.append), trace.subscribe(lambda event: None)
    states = []
    for leave in (leave_first, leave_second):
        leave()
        states.append(trace.enabled)
    assert states == [True, False]
    trace.emit(MOVED)
    assert not seen
