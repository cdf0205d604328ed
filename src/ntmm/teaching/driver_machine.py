"""A machine with a processor, whose drivers are machine code: what kernel mode may do, and what stops the machine."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.system_images import SystemImage
from ntmm.nt.profile import SystemProfile
from ntmm.nt.status import Status, is_error
from ntmm.teaching.arguments import check_code, check_count, check_number, check_size, profile_of
from ntmm.teaching.exceptions import RefusedCall

Result = TypeVar("Result")

POOLS: Final = ("nonpaged", "paged", "session")
_MOST_ARGUMENTS: Final = 4
_TAG: Final = "Pyth"
_CLOSED: Final = "was closed"


class Driver:
    """A driver in system space; `base` is the address of its first byte of code."""

    def __init__(self, machine: "DriverMachine", image: SystemImage, name: str) -> None:
        self.name = name
        self.base = image.base
        self.is_in_large_pages = image.is_large
        self._machine = machine

    def __repr__(self) -> str:
        return f"<Driver {self.name!r} at {self.base:#x}{', in large pages' * self.is_in_large_pages}>"

    def call(self, *arguments: int) -> int:
        """Runs its code from the first byte on in ring 0, until it returns; what EAX or RAX holds then.

        Up to four arguments: stdcall on 32 bits, in RCX, RDX, R8 and R9 on x64. Raises Bugcheck for what a driver must
        not do; the machine has stopped then.
        """
        return self._machine.call(self, arguments)

    def stop_of_call(self, *arguments: int) -> Bugcheck | None:
        """As `call`, but what stopped the machine is answered; None if nothing did."""
        try:
            self.call(*arguments)
        except Bugcheck as stop:
            return stop
        return None


class DriverMachine:
    """Use it as a context manager, or close it. Profiles are given as for `Machine`; Itanium has no processor here."""

    def __init__(self, profile: SystemProfile | None = None, **fields: Any) -> None:
        """Raises ValueError with a sentence for a machine that never was, TypeError for arguments that mean none."""
        self.profile = profile_of(profile, fields)
        if self.profile.architecture == "ia64":
            raise ValueError("no driver runs on ia64, which has no processor here: choose x86, pae or x64")
        self._folder = TemporaryDirectory(prefix="ntmm-")
        self._volume = Volume(Path(self._folder.name))
        self._kernel = Kernel(self.profile, self._volume)
        self._process = self._kernel.ps.create_process("driver.exe")
        self._ended = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<DriverMachine {self.profile.version.name}, {self.profile.architecture}{self._ended and ', stopped'}>"

    def close(self) -> None:
        """Ends the machine; nothing of it can be used afterwards."""
        if self._ended != _CLOSED:
            self._ended = _CLOSED
            self._kernel.close()
            self._volume.close()
            self._folder.cleanup()

    @property
    def kernel_image(self) -> int:
        """The address of the kernel's own first page of code."""
        return self._kernel.mm.system.kernel_addresses[0]

    def load(self, name: str, code: bytes, data_size: int = 0) -> Driver:
        """A driver of position-independent machine code, with `data_size` bytes of zeroed data on the pages behind it.

        Raises MemoryError where there is no room for it.
        """
        check_code(code)
        check_count(data_size)
        return Driver(self, self._run(lambda: self._kernel.drivers.load(str(name), bytes(code), data_size)), str(name))

    def allocate_pool(self, size: int, kind: str = "nonpaged") -> int:
        """The address of a zeroed block of pool, "nonpaged", "paged" or "session"; raises RefusedCall."""
        check_size(size)
        if kind not in POOLS:
            raise ValueError(f"there is no pool {kind!r}: choose one of {', '.join(POOLS)}")
        if kind == "session":
            return self._run(lambda: self._session_block(size))
        system = self._kernel.mm.system
        pool = system.paged_pool if kind == "paged" else system.nonpaged_pool
        try:
            return self._run(lambda: pool.allocate(size, _TAG))
        except PoolExhausted:
            raise RefusedCall("ExAllocatePoolWithTag", Status.INSUFFICIENT_RESOURCES) from None

    def _session_block(self, size: int) -> int:
        assert self._process is not None
        status, address = self._kernel.mm.allocate_session_pool(self._process, size, _TAG)
        if is_error(status):
            raise RefusedCall("ExAllocatePoolWithTag", status)
        return address

    def call(self, driver: Driver, arguments: tuple[int, ...]) -> int:
        """What `Driver.call` does."""
        if len(arguments) > _MOST_ARGUMENTS:
            raise TypeError(f"a routine takes up to {_MOST_ARGUMENTS} arguments, and not {len(arguments)}")
        for argument in arguments:
            check_number("an argument", argument)
        bits = self._kernel.architecture.bits
        words = [argument & (1 << bits) - 1 for argument in arguments]
        return self._run(lambda: self._kernel.drivers.call(driver.base, *words, process=self._process))

    def _run(self, body: Callable[[], Result]) -> Result:
        if self._ended:
            raise RuntimeError(f"this machine {self._ended}: make another")
        try:
            return body()
        except Bugcheck:
            self._ended = "has stopped"
            raise
