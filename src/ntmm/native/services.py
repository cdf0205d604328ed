"""Importing this module registers every Nt* service."""

from ntmm.native import exception, file, file_information, information, memory, process, synchronization, time

__all__ = ["exception", "file", "file_information", "information", "memory", "process", "synchronization", "time"]
