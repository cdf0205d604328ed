"""What the system DLLs provide: every export with how it is provided and what it lacks, for docs/exports.md.

Both sources are what the DLLs themselves are built from: the service table, and the guest's export list, whose
comments are the registration of guest functions:

    crt setlocale  # lacks: locales other than "C"
    crt _ftol ftol_guest  # x86
    crt _getdrives  # x64; lacks: everything
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ntmm.loader.synthesis import RUN_TIME_LIBRARIES, guest_functions
from ntmm.native.service_table import Service, exported_names

ALL_MISSING: Final = "everything"
"""What a guest function lacks that only answers ERROR_CALL_NOT_IMPLEMENTED or fails."""

_ARCHITECTURES: Final = ("x86", "x64")


class Completeness(Enum):
    """How far an export does what its documentation says."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NOT_IMPLEMENTED = "not implemented"


@dataclass(frozen=True, slots=True)
class ProvidedExport:
    """One export of one DLL. `architecture` is "" for both; `is_guest` says that it needs no trap."""

    dll: str
    name: str
    architecture: str
    is_guest: bool
    completeness: Completeness
    lacks: str


def provided_exports(table: Iterable[Service], guest_list: str) -> list[ProvidedExport]:
    """Every export, by DLL and name; where both sources have one, guest code wins, as in the DLLs."""
    found = {(export.dll, export.name, export.architecture): export for export in _of_services(table)}
    for export in _of_guest(guest_list):
        if not export.architecture:
            found.pop((export.dll, export.name, ""), None)
        found[export.dll, export.name, export.architecture] = export
    return [found[key] for key in sorted(found, key=lambda key: (key[0], key[1].lower(), key[1], key[2]))]


def _of_services(table: Iterable[Service]) -> Iterator[ProvidedExport]:
    for service in table:
        completeness = _completeness(service.lacks) if service.implemented else Completeness.NOT_IMPLEMENTED
        for dll in RUN_TIME_LIBRARIES.get(service.dll, (service.dll,)):
            for name in exported_names(service):
                yield ProvidedExport(dll, name, "", False, completeness, service.lacks)


def _of_guest(guest_list: str) -> Iterator[ProvidedExport]:
    for dll, forwarder, comment in guest_functions(guest_list):
        architecture, lacks = _read_comment(comment)
        completeness = Completeness.NOT_IMPLEMENTED if lacks == ALL_MISSING else _completeness(lacks)
        yield ProvidedExport(dll, forwarder.name, architecture, True, completeness, lacks)


def _completeness(lacks: str) -> Completeness:
    return Completeness.PARTIAL if lacks else Completeness.COMPLETE


def _read_comment(comment: str) -> tuple[str, str]:
    """Architecture and what is missing, of what follows the # of a line."""
    before, _, lacks = comment.partition("lacks:")
    architecture = before.strip().rstrip(";")
    if architecture not in ("", *_ARCHITECTURES):
        raise ValueError(f"`# {comment}` in the guest's export list names no architecture and says not what is lacking")
    return architecture, lacks.strip()
