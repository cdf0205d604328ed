"""Importing this module registers every Nt* service."""

from ntmm.native import (
    exception,
    file,
    file_information,
    file_lock,
    information,
    locking,
    memory,
    paging_file,
    process,
    process_information,
    section,
    section_information,
    synchronization,
    time,
)

__all__ = [
    "exception",
    "file",
    "file_information",
    "file_lock",
    "information",
    "locking",
    "memory",
    "paging_file",
    "process",
    "process_information",
    "section",
    "section_information",
    "synchronization",
    "time",
]
