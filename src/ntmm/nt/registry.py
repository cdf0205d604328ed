"""The memory-management values of the registry, as `--registry KEY=VALUE` takes them.

They stand below HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management. `Layers\\NAME` stands for
the compatibility layer of a program, which DEP asks (HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\
AppCompatFlags\\Layers).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

MAXIMUM: Final = 0xFFFFFFFF
"""The DWORD that means "as much as possible" or "never"."""


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """A DWORD: its bounds, and what it does here."""

    effect: str
    low: int = 0
    high: int = MAXIMUM


_NOTHING: Final = "taken, changes nothing: "

VALUES: Final = {
    "ClearPageFileAtShutdown": RegistryValue("the paging files are overwritten with zeros at shutdown", high=1),
    "DisablePagingExecutive": RegistryValue(_NOTHING + "this kernel has no pageable code", high=1),
    "EnforceWriteProtection": RegistryValue("1: the kernel is mapped with small pages, write-protected", high=1),
    "HighMemoryThreshold": RegistryValue(
        "MB from which HighMemoryCondition is set; 0: three times the low", high=1 << 20
    ),
    "IoPageLockLimit": RegistryValue(_NOTHING + "it is obsolete in Windows too"),
    "LargePageMinimum": RegistryValue("bytes of RAM beyond which the kernel has large pages; 0xFFFFFFFF: never"),
    "LargeSystemCache": RegistryValue("the system cache gets up to 960 MB of addresses", high=1),
    "LowMemoryThreshold": RegistryValue("MB below which LowMemoryCondition is set; 0: by RAM", high=1 << 20),
    "NonPagedPoolQuota": RegistryValue(_NOTHING + "no process is charged for pool", high=128),
    "NonPagedPoolSize": RegistryValue("bytes of nonpaged pool; 0: computed from RAM"),
    "PagedPoolQuota": RegistryValue(_NOTHING + "no process is charged for pool", high=128),
    "PagedPoolSize": RegistryValue("bytes of paged pool; 0: computed, 0xFFFFFFFF: the largest"),
    "PhysicalAddressExtension": RegistryValue("1: boots the PAE kernel, as /PAE does", high=1),
    "PoolUsageMaximum": RegistryValue(
        "percent of paged pool from which on sections that nobody uses are deleted; 0: 80", high=100
    ),
    "SecondLevelDataCache": RegistryValue(
        "KB of the processor's L2 cache; it has as many page colours as the cache has pages; 0: 256 KB", high=1 << 16
    ),
    "SessionPoolSize": RegistryValue("MB of a session's pool", high=512),
    "SessionViewSize": RegistryValue("MB of a session's views", high=512),
    "SystemPages": RegistryValue("system PTEs; 0: computed, 0xFFFFFFFF: as many as fit"),
    "SystemViewSize": RegistryValue(_NOTHING + "views lie in the cache or belong to a session", high=512),
}
"""The DWORDs, by name, with what each of them does."""

LAYERS: Final = "layers\\"
OPT_OUT: Final = "DisableNXShowUI"
OPT_IN: Final = "EnableNXShowUI"
_LISTS: Final = ("LargePageDrivers", "VerifyDrivers")
_LATER: Final = ("nonpagedpoollimit", "pagedpoollimit", "sessionspacelimit", "systemcachelimit", "systempteslimit")
"""Limits of 32-bit Vista SP1 and Server 2008."""
_PATH: Final = re.compile(r"(?:.*\\)?(?:memory management\\|appcompatflags\\(?=layers\\))", re.IGNORECASE)
"""What stands before the name in a full path."""
_NUMBER: Final = re.compile(r"0[xX][0-9A-Fa-f]+|[0-9]{1,20}")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]*[A-Fa-f][0-9A-Fa-f]*")
_BY_LOWER_NAME: Final = {name.lower(): name for name in (*VALUES, *_LISTS)}


@dataclass(frozen=True, slots=True)
class Registry:
    """What was set; everything else has its default.

    `layers` is (lower-case name of an image, opted in) for each program whose DEP the registry decides.
    """

    values: tuple[tuple[str, int], ...] = ()
    large_page_drivers: tuple[str, ...] = ()
    verified_drivers: tuple[str, ...] = ()
    layers: tuple[tuple[str, bool], ...] = field(default=())

    def get(self, name: str, default: int = 0) -> int:
        """A DWORD by its name."""
        assert name in VALUES, name
        return dict(self.values).get(name, default)

    def dep_layer(self, image: str) -> bool | None:
        """Whether the registry opts a program in (True) or out (False); `image` is its file name without a folder."""
        return dict(self.layers).get(image.lower())


def parse_registry(texts: Sequence[str]) -> Registry:
    """The values of KEY=VALUE texts; the last one of a name counts. Raises ValueError with a sentence."""
    values: dict[str, int] = {}
    layers: dict[str, bool] = {}
    drivers: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key, value = _without_path(key.strip()), value.strip()
        if not equals or not key:
            raise ValueError(f"{text!r} is not a registry value: write KEY=VALUE, as in LargeSystemCache=1")
        if key.lower().startswith(LAYERS) and len(key) > len(LAYERS):
            layers[key[len(LAYERS) :].lower()] = _layer(value)
            continue
        name = _BY_LOWER_NAME.get(key.lower())
        if key.lower() in _LATER:
            sizes = "PagedPoolSize, NonPagedPoolSize, SystemPages, SessionPoolSize"
            raise ValueError(f"{key} begins with Windows Vista: what sizes system space here is {sizes}")
        if name is None:
            raise ValueError(f"unknown registry value {key!r}: known are {', '.join((*VALUES, *_LISTS))}, Layers\\NAME")
        if name in _LISTS:
            drivers[name] = tuple(value.replace(",", " ").split())
        else:
            values[name] = _dword(name, value)
    large, verified = (drivers.get(name, ()) for name in _LISTS)
    return Registry(tuple(sorted(values.items())), large, verified, tuple(sorted(layers.items())))


def _without_path(key: str) -> str:
    """A key may be written in full, as the lecture does, or from the name of its folder on."""
    match = _PATH.match(key)
    return key[match.end() :] if match is not None else key


def _dword(name: str, text: str) -> int:
    rule = VALUES[name]
    number = int(text, 0 if "x" in text.lower() else 10) if _NUMBER.fullmatch(text) else -1
    if not rule.low <= number <= rule.high:
        most = f"{rule.high:#x}" if rule.high == MAXIMUM else rule.high
        hint = f"; hexadecimal numbers begin with 0x, as in 0x{text}" * bool(_HEXADECIMAL.fullmatch(text))
        raise ValueError(f"{name} takes a number from {rule.low} to {most}, not {text!r}{hint}")
    return number


def _layer(text: str) -> bool:
    words = {word.lower() for word in text.split()}
    if not words & {OPT_IN.lower(), OPT_OUT.lower()}:
        raise ValueError(f"a layer is {OPT_OUT} or {OPT_IN}, not {text!r}")
    return OPT_OUT.lower() not in words
