"""The service table: every function that programs reach by a trap, with its number and argument layout.

A service is one export of a system DLL that is implemented in Python. Its stub in the synthesized DLL loads the
number into EAX and traps. Arguments are described by a string of kinds, one word each:

    p    pointer-sized, unsigned          h    handle: pointer-sized, taken as a signed 32-bit number
    u32  i32  u16                         u64  i64   (two stack slots on 32 bit)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar

STDCALL: Final = "stdcall"
CDECL: Final = "cdecl"
MISSING_SERVICE: Final = 0xFFFF
"""The number trapped by the thunks that stand for functions a program imports and no DLL provides."""

_DOUBLE_SLOT_KINDS: Final = frozenset({"u64", "i64"})
_KINDS: Final = frozenset({"p", "h", "u32", "i32", "u16"}) | _DOUBLE_SLOT_KINDS

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Service:
    """One trap-reachable export: `number` is its index in the table, `argument_kinds` its signature.

    `lacks` says in one phrase what it does not do that the documentation promises ("" if nothing is known to be
    missing); one that is not `implemented` answers STATUS_NOT_IMPLEMENTED or ERROR_CALL_NOT_IMPLEMENTED, always.
    docs/exports.md is made of both.
    """

    number: int
    dll: str
    name: str
    argument_kinds: tuple[str, ...]
    convention: str
    returns_u64: bool
    handler: Callable[..., int | None]
    lacks: str = ""
    implemented: bool = True

    def argument_bytes(self, pointer_size: int) -> int:
        """Bytes of arguments on the stack of a 32-bit caller; on 64 bit eight for each argument."""
        if pointer_size == 8:
            return 8 * len(self.argument_kinds)
        return sum(8 if kind in _DOUBLE_SLOT_KINDS else 4 for kind in self.argument_kinds)


services: list[Service] = []
"""All services in order of registration; a service's number is its index."""

_by_name: dict[tuple[str, str], Service] = {}


def service(
    dll: str,
    name: str,
    argument_kinds: str = "",
    *,
    convention: str = STDCALL,
    returns: str = "u32",
    lacks: str = "",
    implemented: bool = True,
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Registers the decorated function as the export `name` of `dll` ("crt" stands for msvcrt and ucrtbase).

    The function gets a `Call` and the decoded arguments; it answers an integer for EAX / RAX (EDX:EAX on 32 bit
    when returns="u64"). What it `lacks`, and whether it is `implemented` at all, is for the reader: see `Service`.
    Raises ValueError if the name is taken or a kind is unknown.
    """
    kinds = tuple(argument_kinds.split())
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown:
        raise ValueError(f"service {dll}!{name}: unknown argument kinds {unknown}")
    if (dll, name) in _by_name:
        raise ValueError(f"service {dll}!{name} is registered twice")

    def register(handler: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        untyped: Any = handler
        entry = Service(len(services), dll, name, kinds, convention, returns == "u64", untyped, lacks, implemented)
        services.append(entry)
        _by_name[dll, name] = entry
        return handler

    return register


def exported_names(entry: Service) -> tuple[str, ...]:
    """The names of a service: the Nt services of ntdll are exported as Zw services too, which are the same there."""
    is_system_service = entry.dll == "ntdll" and entry.name.startswith("Nt") and not entry.name.startswith("Ntmm")
    return (entry.name, "Zw" + entry.name[2:]) if is_system_service else (entry.name,)


def find_service(dll: str, name: str) -> Service | None:
    """The service registered for an export, or None."""
    return _by_name.get((dll, name))
