"""Messages that wait at a port, and requests whose sender waits for the reply."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.lpc.message import Message
from ntmm.kernel.lpc.trust import Trust
from ntmm.kernel.ob import Event, Semaphore
from ntmm.kernel.se import Token
from ntmm.nt.status import Status

_MOST_MESSAGES: Final = 0x7FFFFFFF


class Request:
    """A message whose sender waits: for a reply, or for its connection. `done` is signalled when it need not any more.

    `sender` is the sending process, whose memory the receiver may read while the request is open.
    """

    def __init__(self, scheduler: Scheduler, message: Message, sender: Any, port: Any) -> None:
        self.message = message
        self.sender = sender
        self.port = port
        self.done = Event(scheduler, manual_reset=True, signalled=False)
        self.trust = Trust()
        self.token: Token | None = None
        """On whose behalf it was sent."""
        self.status = Status.PENDING
        self.reply: Message | None = None
        self.question: Message | None = None
        """What the receiver asks the sender before it answers (a callback)."""
        self.asker: Request | None = None
        """The receiver's own request, which that question is."""

    @property
    def is_open(self) -> bool:
        """Nobody has answered it, and its sender still waits."""
        return self.status is Status.PENDING

    def interrupt(self, question: Message) -> None:
        """Wakes the sender for a question of the receiver's; the request stays open."""
        self.question = question
        self.done.set()

    def take_question(self) -> Message | None:
        """The question that has woken the sender, who waits on when it has answered; None if there is none."""
        question, self.question = self.question, None
        if question is None or not self.is_open:
            return None
        self.done.reset()
        return question

    def finish(self, status: Status, reply: Message | None = None) -> None:
        """Ends the sender's wait; the first answer counts."""
        if self.is_open:
            self.status, self.reply = status, reply
            self.done.set()


@dataclass(frozen=True, slots=True)
class Queued:
    """A message at a port: with the context of the port it came over, and the request it is, if any."""

    message: Message
    context: int = 0
    request: Request | None = None

    @property
    def is_wanted(self) -> bool:
        """False if its sender does not wait any more."""
        return self.request is None or self.request.is_open


class PortQueue:
    """First come, first served; `semaphore` counts the messages (LPCP_PORT_QUEUE)."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._messages: deque[Queued | None] = deque()
        self.semaphore = Semaphore(scheduler, 0, _MOST_MESSAGES)
        self.arrived: Callable[[], None] = lambda: None
        """Slot: a message was added."""

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, queued: Queued | None) -> None:
        """Adds a message; None only wakes a receiver, who looks at the port again."""
        self._messages.append(queued)
        self.semaphore.release(1)
        self.arrived()

    def take(self) -> Queued | None:
        """The next message that is still wanted, after a satisfied wait for the semaphore; None if it was not."""
        queued = self._messages.popleft()
        return queued if queued is not None and queued.is_wanted else None
