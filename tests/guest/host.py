"""The guest's C code compiled for the host, in this process: its services, its functions by name."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntmm.crt.double_parsing import parse_double
from ntmm.crt.double_text import format_double
from ntmm.crt.mathematics import evaluate

GUEST = Path(__file__).parents[2] / "src" / "ntmm" / "guest"
PEB, PARAMETERS = 0x60, 0x20


@dataclass(frozen=True)
class Host:
    """The compiled code, and what has to be kept alive with it."""

    library: ctypes.CDLL
    callbacks: tuple[Any, ...]
    teb: int
    peb: int

    @property
    def last_error(self) -> int:
        """GetLastError."""
        return ctypes.c_uint32.from_address(self.teb + 0x68).value

    def set_last_error(self, code: int) -> None:
        """SetLastError."""
        ctypes.c_uint32.from_address(self.teb + 0x68).value = code

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """One function with its C types; variadic functions list only their fixed arguments."""
        found = self.library[name]
        found.restype = result
        found.argtypes = list(arguments)
        return found

    def word(self, name: str) -> ctypes.c_uint64:
        """A 64-bit variable of the shim."""
        return ctypes.c_uint64.in_dll(self.library, name)


def load(shared_object: Path) -> Host:
    """Loads the code and gives it a TEB, a PEB and a process heap."""
    library = ctypes.CDLL(str(shared_object))
    callbacks = _install_services(library)
    teb, peb = (ctypes.addressof(ctypes.c_char.in_dll(library, f"ntmm_host_{name}")) for name in ("teb", "peb"))
    parameters = ctypes.addressof(ctypes.c_char.in_dll(library, "ntmm_host_parameters"))
    ctypes.c_uint64.from_address(teb + PEB).value = peb
    ctypes.c_uint64.from_address(teb + 0x48).value = 8
    ctypes.c_uint64.from_address(peb + PARAMETERS).value = parameters
    ctypes.c_uint32.from_address(peb + 0x118).value = 5
    ctypes.c_uint32.from_address(peb + 0x11C).value = 2
    ctypes.c_uint16.from_address(peb + 0x122).value = 0x100
    create = library.RtlCreateHeap
    create.restype = ctypes.c_void_p
    create.argtypes = [ctypes.c_uint32] + [ctypes.c_size_t] * 5
    ctypes.c_uint64.from_address(peb + 0x30).value = create(2, 0, 0x100000, 0x1000, 0, 0)
    library.crt_thread_initialize()
    return Host(library, callbacks, teb, peb)


def _install_services(library: ctypes.CDLL) -> tuple[Any, ...]:
    doubles = ctypes.POINTER(ctypes.c_double)

    def format_one(out: int, size: int, conversion: bytes, value: Any) -> int:
        text = format_double(conversion, value[0]).encode()
        if len(text) >= size:
            return -1
        ctypes.memmove(out, text + b"\0", len(text) + 1)
        return len(text)

    def parse_one(text: bytes, value: Any) -> int:
        value[0], used = parse_double(text)
        return used

    def compute(operation: int, arguments: Any, result: Any) -> int:
        answer, error = evaluate(operation, (arguments[0], arguments[1], 0.0))
        result[0] = float("nan") if answer is None else answer
        return error

    integer, text = ctypes.c_int, ctypes.c_char_p
    callbacks = (
        ctypes.CFUNCTYPE(integer, ctypes.c_void_p, ctypes.c_uint32, text, doubles)(format_one),
        ctypes.CFUNCTYPE(integer, text, doubles)(parse_one),
        ctypes.CFUNCTYPE(integer, ctypes.c_uint32, doubles, doubles)(compute),
    )
    for name, callback in zip(("host_format_double", "host_parse_double", "host_math"), callbacks, strict=True):
        ctypes.c_void_p.in_dll(library, name).value = ctypes.cast(callback, ctypes.c_void_p).value
    return callbacks
