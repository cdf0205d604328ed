"""The switches of a boot.ini line, as `--boot` takes them: /3GB /USERVA=2800 /PAE /NOEXECUTE=OPTIN ..."""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Final

DEP_POLICIES: Final = ("alwayson", "alwaysoff", "optin", "optout")
"""What /NOEXECUTE takes."""

USER_VA_RANGE: Final = (2048, 3072)
"""Megabytes that /USERVA takes."""

_MB: Final = 1 << 20
_USER_VA_UNIT: Final = 4
"""MB that a page table of two-level paging maps: user and system space share none."""


@dataclass(frozen=True, slots=True)
class BootOptions:
    """What the switches ask of the memory manager; the others change nothing here.

    `user_va`, `max_memory` and `burn_memory` are in MB; `no_execute` is one of DEP_POLICIES. Raises ValueError with a
    sentence for switches that contradict each other.
    """

    three_gb: bool = False
    user_va: int | None = None
    pae: bool = False
    no_pae: bool = False
    no_execute: str | None = None
    execute: bool = False
    max_memory: int | None = None
    burn_memory: int = 0
    processors: int | None = None
    one_processor: bool = False
    no_low_memory: bool = False
    without_effect: tuple[str, ...] = ()
    """Switches of Windows that have nothing to do with memory, in their order."""
    entry: str = field(default="", compare=False)
    """The title of the boot.ini entry that they come from."""

    def __post_init__(self) -> None:
        if self.pae and self.no_pae:
            raise ValueError("/PAE and /NOPAE contradict each other: leave one out")
        if self.execute and self.no_execute not in (None, "alwaysoff"):
            raise ValueError("/EXECUTE and /NOEXECUTE contradict each other: leave one out")
        if self.user_va is not None and not self.three_gb:
            raise ValueError("/USERVA changes how much /3GB gives to programs: add /3GB")

    @property
    def in_force(self) -> tuple[str, ...]:
        """The switches that say something about memory, as they are written."""
        flags = [f"/{name}" for name, attribute in _FLAGS.items() if getattr(self, attribute)]
        numbers = ((name, getattr(self, attribute)) for name, (attribute, _, _) in _NUMBERS.items())
        said = [f"/{name}={value}" for name, value in numbers if value]
        return (*flags, *said, *([f"/NOEXECUTE={self.no_execute.upper()}"] if self.no_execute else ()))

    @property
    def user_space_mb(self) -> int:
        """Megabytes of user space that large-address-aware programs have: 2048, or what /3GB and /USERVA give."""
        if not self.three_gb:
            return 2048
        return 3072 if self.user_va is None else self.user_va // _USER_VA_UNIT * _USER_VA_UNIT

    def usable_ram(self, ram: int) -> int:
        """What /MAXMEM and /BURNMEMORY leave of `ram` bytes."""
        if self.max_memory is not None:
            ram = min(ram, self.max_memory * _MB)
        return ram - self.burn_memory * _MB

    def joined(self, later: "BootOptions") -> "BootOptions":
        """These switches and `later` ones, which win where both say something."""
        default = BootOptions()
        said = {
            each.name: getattr(later, each.name)
            for each in fields(later)
            if getattr(later, each.name) != getattr(default, each.name)
        }
        return replace(self, **said)


_FLAGS: Final = {
    "3GB": "three_gb",
    "PAE": "pae",
    "NOPAE": "no_pae",
    "EXECUTE": "execute",
    "ONECPU": "one_processor",
    "NOLOWMEM": "no_low_memory",
}
_NUMBERS: Final = {
    "USERVA": ("user_va", *USER_VA_RANGE),
    "MAXMEM": ("max_memory", 1, 1 << 30),
    "BURNMEMORY": ("burn_memory", 0, 1 << 30),
    "NUMPROC": ("processors", 1, 64),
}
_OTHERS: Final = (
    "BASEVIDEO BAUDRATE BOOTLOG BOOTLOGO BREAK CHANNEL CRASHDEBUG DEBUG DEBUGPORT FASTDETECT HAL INTAFFINITY KERNEL "
    "MAXPROCSPERCLUSTER NODEBUG NOGUIBOOT NOSERIALMICE PCILOCK PERFMEM POSTTIME REDIRECT RDPATH RDEXPORTASCD "
    "RDIMAGELENGTH RDIMAGEOFFSET SAFEBOOT SCSIORDINAL SDIBOOT SOS TIMERES USEPMTIMER USE8254 USEPLATFORMCLOCK WIN95 "
    "WIN95DOS YEAR"
)
_WITHOUT_EFFECT: Final = frozenset(_OTHERS.split())


def parse_boot_options(text: str, strict: bool = True) -> BootOptions:
    """The switches of one line; raises ValueError with a sentence.

    `strict` refuses switches that Windows does not know, and /USERVA alone, which the loader of Windows itself passes
    over.
    """
    values: dict[str, int | str | bool] = {}
    passed: list[str] = []
    for word in text.replace("/", " /").split():  # Windows takes them without blanks, too
        name, value = _split(word, strict)
        if not name:
            continue
        if name in _FLAGS:
            values[_FLAGS[name]] = True
        elif name in _NUMBERS:
            values[_NUMBERS[name][0]] = _number(name, value)
        elif name == "NOEXECUTE":
            values["no_execute"] = _policy(value)
        elif strict and name not in _WITHOUT_EFFECT:
            raise ValueError(f"unknown boot option {word!r}: see docs/machines.md for those that Windows has")
        else:
            passed.append(word)
    if not strict and "user_va" in values and not values.get("three_gb"):
        passed.append(f"/USERVA={values.pop('user_va')}")
    return BootOptions(**values, without_effect=tuple(passed))  # type: ignore[arg-type]


def _split(word: str, strict: bool) -> tuple[str, str]:
    match = re.fullmatch(r"[/-]([A-Za-z0-9]+)(?:[=:](.*))?", word)
    if match is None:
        if strict:
            raise ValueError(f"{word!r} is not a boot option: they look like /3GB or /USERVA=2800")
        return "", ""
    return match[1].upper(), match[2] or ""


def _number(name: str, value: str) -> int:
    _, low, high = _NUMBERS[name]
    if not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        unit = "processors" if name == "NUMPROC" else "MB"
        raise ValueError(f"/{name} takes a number of {unit} from {low} to {high}, as in /{name}={max(low, 1)}")
    return int(value)


def _policy(value: str) -> str:
    """/NOEXECUTE alone means OPTIN."""
    policy = value.lower() or "optin"
    if policy not in DEP_POLICIES:
        raise ValueError(f"/NOEXECUTE takes ALWAYSON, ALWAYSOFF, OPTIN or OPTOUT, not {value!r}")
    return policy
