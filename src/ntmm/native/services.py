"""Importing this module registers every Nt* service."""

from ntmm.native import (
    exception,
    file,
    file_information,
    information,
    locking,
    memory,
    open_process,
    paging_file,
    port_connection,
    port_messages,
    process,
    process_information,
    synchronization,
    thread_context,
    thread_information,
    time,
)

__all__ = [
    "exception",
    "file",
    "file_information",
    "information",
    "locking",
    "memory",
    "open_process",
    "paging_file",
    "port_connection",
    "port_messages",
    "process",
    "process_information",
    "synchronization",
    "thread_context",
    "thread_information",
    "time",
]
