"""Mistaken arguments: what is no number, or one that nothing can have, is a TypeError or ValueError with a sentence."""

from collections.abc import Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any, Final

from ntmm.nt.boot_options import BootOptions, parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import Registry, parse_registry

LARGEST_SESSION: Final = 0xFFFF
"""Windows takes 32 bits; no machine has so many sessions."""


_TAG_LENGTH: Final = 4


def check_number(what: str, value: object) -> None:
    """`what` begins the sentence, as in "an address"."""
    if not isinstance(value, int):
        raise TypeError(f"{what} is a number, and {value!r} is not")


def check_range(address: object, size: object = 0) -> None:
    """An address and a size in bytes."""
    check_number("an address", address)
    if isinstance(address, int) and address < 0:
        raise ValueError(f"an address is a number from 0 on, and {address!r} is not")
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"a size is a number from 0 on, and {size!r} is not")


def check_code(code: object) -> None:
    """Machine code of a driver."""
    if not isinstance(code, bytes | bytearray) or not code:
        raise TypeError(f"the code of a driver is bytes, as in bytes.fromhex('c3'), and {code!r} is not")


def check_data(data: object) -> None:
    """What is to be written."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"only bytes can be written, as in b'text', and {data!r} is not")


def check_tag(tag: object) -> None:
    """The tag of a block of pool."""
    if not isinstance(tag, str) or not tag.isascii() or not 1 <= len(tag) <= _TAG_LENGTH:
        raise ValueError(f"a tag has one to four letters, and {tag!r} has not")


def check_count(count: object) -> None:
    """How many of something."""
    if not isinstance(count, int) or count < 0:
        raise ValueError(f"a count is a number from 0 on, and {count!r} is not")


def check_size(size: object) -> None:
    """A size in bytes of something that must not be empty."""
    check_number("a size", size)
    if isinstance(size, int) and size <= 0:
        raise ValueError(f"a size is a number above 0, and {size!r} is not")


def check_seconds(seconds: object) -> None:
    """A time that can pass: at most a century, so no infinity either."""
    if not isinstance(seconds, int | float):
        raise TypeError(f"a time is a number of seconds, and {seconds!r} is not")
    if not 0 <= seconds < 100 * 365 * 86_400:
        raise ValueError(f"a time is a number of seconds from 0 on, and {seconds!r} is not")


def check_process_kind(bits: object, machine_bits: int, session: object) -> None:
    """What a process may be on a machine of `machine_bits`."""
    if bits not in (None, 32, machine_bits):
        choices = "32 or 64" if machine_bits == 64 else "32"
        raise ValueError(f"processes of this machine have {choices} bits, and not {bits!r}")
    if session is None:
        return
    check_number("a session", session)
    if isinstance(session, int) and not 0 <= session <= LARGEST_SESSION:
        raise ValueError(f"a session has a number from 0 to {LARGEST_SESSION}, and {session!r} is not one")


def boot_options(switches: str) -> BootOptions:
    """The switches of a boot.ini line, as in "/3GB /USERVA=2800"; raises ValueError, TypeError with a sentence."""
    if not isinstance(switches, str):
        raise TypeError(f"boot switches are a text, as in '/3GB /USERVA=2800', and {switches!r} is not")
    return parse_boot_options(switches)


def registry(values: Sequence[str]) -> Registry:
    """The values of KEY=VALUE texts; raises ValueError, TypeError with a sentence."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"registry values are a list of texts, as in ['LargeSystemCache=1'], and {values!r} is not")
    return parse_registry(values)


def profile_of(profile: SystemProfile | None, fields: dict[str, Any]) -> SystemProfile:
    """The profile with single fields changed. Raises TypeError, and ValueError for a machine that never was."""
    check_machine(profile, fields)
    return replace(profile or SystemProfile(), **fields)


def check_machine(profile: object, fields: dict[str, Any]) -> None:
    """What a machine is made from; which values it takes and whether they fit together is the profile's to say."""
    if profile is not None and not isinstance(profile, SystemProfile):
        raise TypeError("a machine is made from a SystemProfile or from keywords: Machine(architecture='x86')")
    known = [field.name for field in dataclass_fields(SystemProfile)]
    for name in fields:
        if name not in known:
            raise TypeError(f"a profile has no field {name!r}: choose one of {', '.join(known)}")
