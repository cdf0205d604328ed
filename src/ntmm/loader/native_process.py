"""NtCreateProcess and NtCreateThread: a process over an image section, without a thread, and threads on stacks of the
caller's own making.

The loader maps the DLLs when the process is made; its initialization runs in the first thread, before the registers
that the caller has given are loaded (LdrInitializeThunk).
"""

import dataclasses
import struct
from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.exceptions import CONTEXT_32_SIZE, CONTEXT_64_SIZE
from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import InvalidHandle, ObjectAttributes, create_object
from ntmm.kernel.ps import Process, Thread
from ntmm.kernel.ps.stack import StackPlace
from ntmm.loader.errors import LoaderError
from ntmm.loader.process import initialize_thread, load_program, thread_start_block
from ntmm.loader.services import linker_of
from ntmm.loader.start import new_process, push_start_arguments
from ntmm.loader.teb import ThreadPlace
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_CREATE_PROCESS, PROCESS_CREATE_THREAD, TargetProcess, process_of
from ntmm.native.job import join_job
from ntmm.native.named_section import section_of
from ntmm.native.object_attributes import read_object_attributes
from ntmm.native.section import image_headers
from ntmm.native.service_table import service
from ntmm.nt.memory import SEC_IMAGE, SECTION_MAP_EXECUTE
from ntmm.nt.status import Status, is_success
from ntmm.pe.headers import require_program
from ntmm.pe.malformed import MalformedImage

_INHERIT_HANDLES: Final = 4
"""PROCESS_CREATE_FLAGS_INHERIT_HANDLES of NtCreateProcessEx."""
_CONTROL_AND_INTEGER: Final = {4: 0x10003, 8: 0x100003}


class _SectionImage:
    """The file behind an image section, which its control area holds."""

    def __init__(self, section: Section) -> None:
        backing = section.control_area.backing
        self.name, self.size, self.read = backing.name, backing.size, backing.read

    def let_go(self) -> None:
        """The control area lets go of the file."""


def _join_job_of(call: Call, parent: Process, child: Process) -> None:
    if parent.job is not None and join_job(call, parent.job, child) is not Status.SUCCESS:
        raise LoaderError("the parent's job is full", Status.QUOTA_EXCEEDED)


def _create(call: Call, parent: Process, inherit: bool, section: Section) -> Process:
    """A process with the section's image and its DLLs mapped; raises LoaderError, MalformedImage and GuestFault."""
    backing, headers = _SectionImage(section), image_headers(section)
    require_program(headers)
    if headers.is_64 != (call.memory.pointer_size == 8):
        raise LoaderError("the image does not fit this machine", Status.INVALID_IMAGE_FORMAT)
    child = new_process(call.kernel, backing.name.rpartition("\\")[2], headers, parent, inherit)
    try:
        _join_job_of(call, parent, child)
        parameters = dataclasses.replace(
            parent.parameters, image_path=backing.name, command_line=f'"{backing.name}"', runtime_data=b""
        )
        open_image = linker_of(call).search.open_image
        child.first_start = load_program(call.kernel, child, headers, backing, parameters, open_image)
    except (LoaderError, MalformedImage, GuestFault):
        call.kernel.ps.abandon_process(child)
        raise
    child.is_being_loaded = False
    call.kernel.ps.process_started(child)
    return child


def _give_handle(call: Call, address: int, target: Process | Thread, access: int, asked: ObjectAttributes) -> Status:
    """Stores a first handle to a new process or thread, with its name and descriptor; what cannot have them ends."""
    status, handle = create_object(call.kernel.names, call.requester, target, asked, access)
    if not target.handle_count:
        if isinstance(target, Process):
            call.kernel.ps.exit_process(target, status)
        else:
            call.kernel.ps.exit_thread(target, status)
    if is_success(status):
        call.memory.write_pointer(address, handle)
    return status


def _create_process(
    call: Call, handle: int, access: int, attributes: int, parent: int, inherit: bool, section: int
) -> int:
    if not section:
        return Status.NOT_IMPLEMENTED  # a copy of the parent's address space
    giver = process_of(call, parent, PROCESS_CREATE_PROCESS)
    image = section_of(call, section, SECTION_MAP_EXECUTE)
    if not image.attributes & SEC_IMAGE:
        return Status.SECTION_NOT_IMAGE
    asked = read_object_attributes(call, attributes)
    call.memory.write_pointer(handle, 0)
    if giver.ended:
        return Status.PROCESS_IS_TERMINATING
    try:
        child = _create(call, giver, inherit, image)
    except (LoaderError, MalformedImage, GuestFault) as refusal:
        return refusal.status
    return _give_handle(call, handle, child, access, asked)


@service(
    "ntdll", "NtCreateProcess", "p u32 p h u32 h h h", lacks="copies of processes (no section), ports of debuggers"
)
def NtCreateProcess(
    call: Call,
    handle: int,
    access: int,
    attributes: int,
    parent: int,
    inherit: int,
    section: int,
    debug_port: int,
    exception_port: int,
) -> int:
    """A process over an image section; NtCreateThread gives it its first thread. Copies of processes (no section) are
    not implemented; ports of debuggers are not looked at.
    """
    return _create_process(call, handle, access, attributes, parent, bool(inherit & 0xFF), section)


@service(
    "ntdll",
    "NtCreateProcessEx",
    "p u32 p h u32 h h h u32",
    lacks="copies of processes (no section), ports of debuggers",
)
def NtCreateProcessEx(
    call: Call,
    handle: int,
    access: int,
    attributes: int,
    parent: int,
    flags: int,
    section: int,
    debug_port: int,
    exception_port: int,
    job_level: int,
) -> int:
    """NtCreateProcess with flags."""
    return _create_process(call, handle, access, attributes, parent, bool(flags & _INHERIT_HANDLES), section)


def _initial_stack(call: Call, address: int) -> StackPlace:
    """The stack in an INITIAL_TEB: the old one where it is given."""
    pointer = call.memory.pointer_size
    old_base, old_limit, base, limit, allocation = struct.unpack(
        "<5Q" if pointer == 8 else "<5I", call.memory.read(address, 5 * pointer)
    )
    return StackPlace(old_base, old_limit, 0) if old_base and old_limit else StackPlace(base, limit, allocation)


def _read_context(call: Call, address: int) -> tuple[bytes, int]:
    """A CONTEXT all of whose registers count, and its stack pointer."""
    is_64 = call.memory.pointer_size == 8
    data = bytearray(call.memory.read(address, CONTEXT_64_SIZE if is_64 else CONTEXT_32_SIZE))
    at, form, stack = (0x30, "<Q", 0x98) if is_64 else (0, "<I", 0xC4)
    flags = struct.unpack_from("<I", data, at)[0] | _CONTROL_AND_INTEGER[call.memory.pointer_size]
    struct.pack_into("<I", data, at, flags)
    return bytes(data), int(struct.unpack_from(form, data, stack)[0])


def _start_block(process: Process, context: int) -> tuple[int, int, int]:
    """(routine, block, block to free with the thread) of a thread that goes on with the registers at an address."""
    linker, first = process.modules, process.first_start
    if first is None:
        _, block = thread_start_block(linker, 0, context)
        return linker.runtime_address("NtmmThreadThunk"), block, block
    process.memory.write_pointer(first.start_block + process.memory.pointer_size, context)
    return linker.runtime_address("NtmmProcessThunk"), first.start_block, 0


def _create_thread(call: Call, process: Process, registers: bytes, sp: int, stack: StackPlace) -> Thread | None:
    """A thread whose registers lie on its own stack; None without memory. Raises GuestFault and LoaderError."""
    place = (sp - len(registers) - 16) & -16
    process.memory.write(place, registers)
    routine, block, to_free = _start_block(process, place)
    created = call.kernel.ps.create_thread(process, 0, 0, routine, stack)
    if created is None:
        if to_free:
            process.modules.arena.release(to_free)
        return None
    process.first_start = None
    thread, _ = created
    thread.start_block = to_free
    teb = ThreadPlace(thread.teb, process.id, thread.id, stack.base, stack.limit, stack.allocation)
    initialize_thread(process.modules, teb, process.peb)
    push_start_arguments(thread, place, block)
    return thread


@service("ntdll", "NtCreateThread", "p u32 p h p p p u32")
def NtCreateThread(
    call: Call,
    handle: int,
    access: int,
    attributes: int,
    process: int,
    client_id: int,
    context: int,
    initial_teb: int,
    suspended: int,
) -> int:
    """A thread that begins with the registers of a CONTEXT, on a stack that stays when it ends."""
    registers, sp = _read_context(call, context)
    stack, asked = _initial_stack(call, initial_teb), read_object_attributes(call, attributes)
    call.memory.write_pointer(handle, 0)
    with TargetProcess(call, process, PROCESS_CREATE_THREAD) as target:
        if target.modules is None:
            raise InvalidHandle(Status.PROCESS_IS_TERMINATING)
        try:
            thread = _create_thread(call, target, registers, sp, stack)
        except (LoaderError, GuestFault) as refusal:
            return refusal.status
        if thread is None:
            return Status.NO_MEMORY
        thread.suspend_count = int(bool(suspended & 0xFF))
        if client_id:
            call.memory.write_pointer(client_id, target.id)
            call.memory.write_pointer(client_id + call.memory.pointer_size, thread.id)
        status = _give_handle(call, handle, thread, access, asked)
        if not thread.ended:
            call.kernel.ps.start(thread)
    return status
