"""The place where events are emitted and handed on."""

from collections.abc import Callable

from ntmm.trace.events import Event

Subscriber = Callable[[Event], None]


class Trace:
    """Hands each event to every subscriber, in the order of subscription.

    Who emits tests `enabled` first and makes no event while it is false:

        if trace.enabled:
            trace.emit(PageMoved(clock.uptime_100ns(), frame, "active", "free"))
    """

    __slots__ = ("_subscribers", "enabled")

    def __init__(self) -> None:
        self.enabled = False
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hands every event from now on to `subscriber`; calling the result ends that."""
        self._subscribers.append(subscriber)
        self.enabled = True

        def unsubscribe() -> None:
            self._subscribers.remove(subscriber)
            self.enabled = bool(self._subscribers)

        return unsubscribe

    def emit(self, event: Event) -> None:
        """Hands `event` to all subscribers."""
        for subscriber in self._subscribers:
            subscriber(event)
