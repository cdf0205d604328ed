"""What guest code asks when it turns SIDs and descriptors into text and back; each service answers a Win32 error code.

The answer goes to a buffer of `size` bytes: INSUFFICIENT_BUFFER with the bytes needed where it does not fit.
"""

from ntmm.kernel.se.capture import capture_descriptor, capture_sid
from ntmm.kernel.se.sddl import SddlError, format_sddl, parse_sddl, sid_from_text
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error


def _answer(call: Call, data: bytes, buffer: int, size: int, needed: int) -> int:
    call.memory.write_u32(needed, len(data))
    if len(data) > size:
        return Win32Error.INSUFFICIENT_BUFFER
    call.memory.write(buffer, data)
    return Win32Error.SUCCESS


def _answer_text(call: Call, text: str, buffer: int, size: int, needed: int) -> int:
    return _answer(call, text.encode("utf-16-le") + b"\0\0", buffer, size, needed)


@service("ntdll", "NtmmTextOfSid", "p p u32 p")
def NtmmTextOfSid(call: Call, sid: int, buffer: int, size: int, needed: int) -> int:
    """S-1-..., with its zero; INVALID_SID."""
    try:
        text = str(capture_sid(call.memory, sid))
    except ValueError:
        return Win32Error.INVALID_SID
    return _answer_text(call, text, buffer, size, needed)


@service("ntdll", "NtmmSidOfText", "p p u32 p")
def NtmmSidOfText(call: Call, text: int, buffer: int, size: int, needed: int) -> int:
    """The SID of S-1-... or of a two-letter name; INVALID_SID."""
    try:
        sid = sid_from_text(call.memory.read_wstring(text))
    except ValueError:
        return Win32Error.INVALID_SID
    return _answer(call, bytes(sid), buffer, size, needed)


@service("ntdll", "NtmmSidOfAccount", "p p u32 p")
def NtmmSidOfAccount(call: Call, name: int, buffer: int, size: int, needed: int) -> int:
    """The SID of an account by name, alone or after DOMAIN\\; CURRENT_USER is the caller's; NONE_MAPPED."""
    text = call.memory.read_wstring(name)
    if text.upper() == "CURRENT_USER":
        return _answer(call, bytes(call.requester.token.user), buffer, size, needed)
    account = call.kernel.accounts.by_name(text)
    return Win32Error.NONE_MAPPED if account is None else _answer(call, bytes(account.sid), buffer, size, needed)


@service("ntdll", "NtmmTextOfDescriptor", "p u32 p u32 p")
def NtmmTextOfDescriptor(call: Call, descriptor: int, information: int, buffer: int, size: int, needed: int) -> int:
    """The SDDL of the parts that a SECURITY_INFORMATION asks for, with its zero."""
    try:
        text = format_sddl(capture_descriptor(call.memory, descriptor), information)
    except ValueError:
        return Win32Error.INVALID_SECURITY_DESCR
    return _answer_text(call, text, buffer, size, needed)


@service("ntdll", "NtmmDescriptorOfText", "p p u32 p")
def NtmmDescriptorOfText(call: Call, text: int, buffer: int, size: int, needed: int) -> int:
    """The self-relative descriptor of an SDDL text; errors as `parse_sddl` says."""
    try:
        descriptor = parse_sddl(call.memory.read_wstring(text))
    except SddlError as error:
        return error.code
    return _answer(call, bytes(descriptor), buffer, size, needed)
