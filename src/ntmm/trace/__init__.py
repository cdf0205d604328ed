"""What a machine did, as a stream of events: the event types and what records them.

    events      one type for each kind of event
    trace       where the rest of the kernel emits events and observers subscribe
    json_lines  a recorder that writes one JSON object for each event
    whole_file  a file that appears under its name only when it is finished

Imports nothing from other rooms: every room may emit.
"""

from ntmm.trace.events import (
    ApiCall,
    CacheAction,
    Event,
    ExceptionRaised,
    Fault,
    ImageMapped,
    PageMoved,
    PagingIo,
    ProcessCreated,
    ProcessEnded,
    ProcessSwapped,
    PteChange,
    StackSwapped,
    ThreadCreated,
    ThreadEnded,
    Trim,
    VadChange,
)
from ntmm.trace.json_lines import JsonLinesRecorder
from ntmm.trace.trace import Subscriber, Trace
from ntmm.trace.whole_file import WholeFile

__all__ = [
    "ApiCall",
    "CacheAction",
    "Event",
    "ExceptionRaised",
    "Fault",
    "ImageMapped",
    "JsonLinesRecorder",
    "PageMoved",
    "PagingIo",
    "ProcessCreated",
    "ProcessEnded",
    "ProcessSwapped",
    "PteChange",
    "StackSwapped",
    "Subscriber",
    "ThreadCreated",
    "ThreadEnded",
    "Trace",
    "Trim",
    "VadChange",
    "WholeFile",
]
