"""The part of system space that a process shares with those of its session, called from Python as win32k would."""

from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.manager import HasSpace
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.session import SessionSpace
from ntmm.nt.status import is_error
from ntmm.teaching.arguments import check_data, check_range, check_size, check_tag
from ntmm.teaching.exceptions import RefusedCall
from ntmm.teaching.runner import Runner


class Session:
    """Pool and views of the session that a process belongs to; sizes and addresses in bytes."""

    def __init__(self, machine: MemoryMachine, runner: Runner, process: HasSpace) -> None:
        self._machine = machine
        self._runner = runner
        self._process = process

    @property
    def _space(self) -> SessionSpace:
        session: SessionSpace | None = self._process.space.session
        if session is None:
            raise ValueError("the process is in no session: give create_process a session, on XP or later")
        return session

    def __repr__(self) -> str:
        space = self._space
        return f"<Session {space.session_id}, {len(space.members)} processes, {space.pool.pages} pages of pool>"

    def allocate(self, size: int, tag: str = "Pyth") -> int:
        """The address of a zeroed block of session pool (ExAllocatePoolWithTag); raises RefusedCall."""
        check_size(size)
        check_tag(tag)
        mm = self._machine.mm
        status, address = self._runner.run(lambda: mm.allocate_session_pool(self._process, size, tag))
        _require("ExAllocatePoolWithTag", status)
        return address

    def free(self, address: int) -> None:
        """Gives a block back (ExFreePool); ValueError where none begins."""
        check_range(address)
        try:
            self._runner.run(lambda: self._machine.mm.free_session_pool(self._process, address))
        except KeyError:
            raise ValueError(f"no block of this session's pool begins at {address:#x}") from None

    def map_view(self, section: Section) -> int:
        """Where a section is mapped for the session (MmMapViewInSessionSpace); raises RefusedCall."""
        if not self._runner.made(section):
            raise ValueError(f"a section is what CreateFileMapping of the same machine made, and {section!r} is not")
        mm = self._machine.mm
        status, address, _ = self._runner.run(lambda: mm.map_view_in_session_space(self._process, section))
        _require("MmMapViewInSessionSpace", status)
        return address

    def unmap_view(self, address: int) -> None:
        """Takes the view at an address away (MmUnmapViewInSessionSpace); raises RefusedCall."""
        check_range(address)
        status = self._runner.run(lambda: self._machine.mm.unmap_view_in_session_space(self._process, address))
        _require("MmUnmapViewInSessionSpace", status)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of a block or view, as kernel mode reads them."""
        check_range(address, size)
        return self._runner.run(lambda: self._machine.mm.read_session(self._process, address, size))

    def write(self, address: int, data: bytes) -> None:
        """Changes such bytes."""
        check_range(address)
        check_data(data)
        self._runner.run(lambda: self._machine.mm.write_session(self._process, address, data))


def _require(function: str, status: int) -> None:
    if is_error(status):
        raise RefusedCall(function, status)
