"""What a machine did, as a stream of events: the event types and what records them.

    events      one type for each kind of event
    trace       where the rest of the kernel emits events and observers subscribe
    json_lines  a recorder that writes one JSON object for each event

Imports nothing from other rooms: every room may emit.
"""

from ntmm.trace.events import (
    ApiCall,
    Event,
    ExceptionRaised,
    Fault,
    ImageMapped,
    PageMoved,
    ProcessCreated,
    ProcessEnded,
    PteChange,
    ThreadCreated,
    ThreadEnded,
    VadChange,
)
from ntmm.trace.json_lines import JsonLinesRecorder
from ntmm.trace.trace import Subscriber, Trace

__all__ = [
    "ApiCall",
    "Event",
    "ExceptionRaised",
    "Fault",
    "ImageMapped",
    "JsonLinesRecorder",
    "PageMoved",
    "ProcessCreated",
    "ProcessEnded",
    "PteChange",
    "Subscriber",
    "ThreadCreated",
    "ThreadEnded",
    "Trace",
    "VadChange",
]
