"""sysinfoapi.h: the machine, its version, its memory, its clock."""

import struct
from typing import Final

from ntmm.kernel.io.volume import SYSTEM_DIRECTORY, WINDOWS_DIRECTORY
from ntmm.kernel.ke.clock import TICK_100NS
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.memory import ALLOCATION_GRANULARITY
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_sized_string, answer_string
from ntmm.win32.timezoneapi import pack_system_time

COMPUTER_NAME: Final = "NTMM"

_INTEL: Final = 0
_AMD64: Final = 9
_TYPE_PENTIUM: Final = 586
_TYPE_AMD64: Final = 8664
_LEVEL: Final = 6
_REVISION: Final = 0x0F06
_PLATFORM_NT: Final = 2
_FREE_BUILD: Final = 0xF0000000
_SUITE_TERMINAL: Final = 0x0010
_SUITE_SINGLE_USER: Final = 0x0100


def _system_info(call: Call, native: bool = False) -> bytes:
    """SYSTEM_INFO: 36 bytes on 32 bit, 48 on 64 bit. `native` tells the processor of the machine."""
    processors = call.kernel.profile.reported_processors
    user = call.process.space.user
    is_64 = call.memory.pointer_size == 8
    is_amd64 = is_64 or (native and call.process.is_wow64)
    return struct.pack(
        "<HHIQQQIIIHH" if is_64 else "<HHIIIIIIIHH",
        _AMD64 if is_amd64 else _INTEL,
        0,
        4096,
        user.lowest,
        user.highest,
        (1 << processors) - 1,
        processors,
        _TYPE_AMD64 if is_amd64 else _TYPE_PENTIUM,
        ALLOCATION_GRANULARITY,
        _LEVEL,
        _REVISION,
    )


@service("kernel32", "GetSystemInfo", "p")
def GetSystemInfo(call: Call, buffer: int) -> int:
    """Processors, page size, address range, granularity."""
    call.memory.write(buffer, _system_info(call))
    return 0


@service("kernel32", "GetNativeSystemInfo", "p")
def GetNativeSystemInfo(call: Call, buffer: int) -> int:
    """GetSystemInfo; 32-bit programs are told of the 64-bit processor that they run on."""
    call.memory.write(buffer, _system_info(call, native=True))
    return 0


@service("kernel32", "GetVersion")
def GetVersion(call: Call) -> int:
    """Major and minor version in the low half, build in the high."""
    version = call.kernel.profile.version
    return version.major | version.minor << 8 | version.build << 16


def version_numbers(call: Call) -> tuple[int, ...]:
    """Major, minor, build, platform, service pack (two parts), suites, kind of product, as in OSVERSIONINFOEX."""
    version = call.kernel.profile.version
    edition = call.kernel.profile.edition_data
    suite = edition.suite_mask | _SUITE_SINGLE_USER | (_SUITE_TERMINAL if edition.is_server else 0)
    system = (version.major, version.minor, version.build, _PLATFORM_NT)
    return (*system, version.service_pack, 0, suite, edition.product_type)


def _version_ex(call: Call, kind: StringKind, buffer: int) -> int:
    """OSVERSIONINFO (148 / 276 bytes) or OSVERSIONINFOEX (156 / 284), as its size field says."""
    size = call.memory.read_u32(buffer)
    smaller = 20 + 128 * kind.unit
    if size not in (smaller, smaller + 8):
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    version = call.kernel.profile.version
    text = f"Service Pack {version.service_pack}" if version.service_pack else ""
    data = struct.pack("<4I", version.major, version.minor, version.build, _PLATFORM_NT) + kind.fixed(text, 128)
    if size > smaller:
        data += struct.pack("<3HBB", *version_numbers(call)[4:], 0)
    call.memory.write(buffer + 4, data)
    return 1


@service("ntdll", "RtlGetVersion", "p")
def RtlGetVersion(call: Call, buffer: int) -> int:
    """GetVersionExW, as an Nt function answers."""
    try:
        _version_ex(call, WIDE, buffer)
    except Win32Failure:
        return Status.INVALID_PARAMETER
    return Status.SUCCESS


@service("ntdll", "RtlGetNtVersionNumbers", "p p p")
def RtlGetNtVersionNumbers(call: Call, major: int, minor: int, build: int) -> int:
    """The release in up to three places; the build has 0xF in its highest bits, the mark of a free build."""
    version = call.kernel.profile.version
    for address, value in ((major, version.major), (minor, version.minor), (build, version.build | _FREE_BUILD)):
        if address:
            call.memory.write_u32(address, value)
    return 0


@service("kernel32", "GetVersionExW", "p")
@failing(0)
def GetVersionExW(call: Call, buffer: int) -> int:
    """The Windows release of the system profile."""
    return _version_ex(call, WIDE, buffer)


@service("kernel32", "GetVersionExA", "p")
@failing(0)
def GetVersionExA(call: Call, buffer: int) -> int:
    """GetVersionExW in ANSI."""
    return _version_ex(call, ANSI, buffer)


@service("kernel32", "GetTickCount")
def GetTickCount(call: Call) -> int:
    """Milliseconds since boot in 32 bits."""
    return call.kernel.clock.tick_count() & 0xFFFFFFFF


@service("kernel32", "GetTickCount64", returns="u64")
def GetTickCount64(call: Call) -> int:
    """Milliseconds since boot."""
    return call.kernel.clock.tick_count()


@service("kernel32", "GetSystemTimeAsFileTime", "p")
def GetSystemTimeAsFileTime(call: Call, address: int) -> int:
    """The machine's virtual time as a FILETIME."""
    call.memory.write_u64(address, call.kernel.clock.now_100ns())
    return 0


@service("kernel32", "GetSystemTimePreciseAsFileTime", "p")
def GetSystemTimePreciseAsFileTime(call: Call, address: int) -> int:
    """GetSystemTimeAsFileTime, which is precise."""
    return GetSystemTimeAsFileTime(call, address)


@service("kernel32", "GetSystemTime", "p")
def GetSystemTime(call: Call, address: int) -> int:
    """The machine's virtual time as a SYSTEMTIME."""
    call.memory.write(address, pack_system_time(call.kernel.clock.now_100ns()))
    return 0


@service("kernel32", "GetLocalTime", "p")
def GetLocalTime(call: Call, address: int) -> int:
    """GetSystemTime: the machine's time zone is UTC."""
    call.memory.write(address, pack_system_time(call.kernel.clock.now_100ns()))
    return 0


@service("kernel32", "GetSystemDirectoryW", "p u32")
def GetSystemDirectoryW(call: Call, buffer: int, size: int) -> int:
    """C:\\WINDOWS\\system32."""
    return answer_string(call, WIDE, SYSTEM_DIRECTORY, buffer, size)


@service("kernel32", "GetSystemDirectoryA", "p u32")
def GetSystemDirectoryA(call: Call, buffer: int, size: int) -> int:
    """GetSystemDirectoryW in ANSI."""
    return answer_string(call, ANSI, SYSTEM_DIRECTORY, buffer, size)


@service("kernel32", "GetWindowsDirectoryW", "p u32")
def GetWindowsDirectoryW(call: Call, buffer: int, size: int) -> int:
    """C:\\WINDOWS."""
    return answer_string(call, WIDE, WINDOWS_DIRECTORY, buffer, size)


@service("kernel32", "GetWindowsDirectoryA", "p u32")
def GetWindowsDirectoryA(call: Call, buffer: int, size: int) -> int:
    """GetWindowsDirectoryW in ANSI."""
    return answer_string(call, ANSI, WINDOWS_DIRECTORY, buffer, size)


@service("kernel32", "GetComputerNameW", "p p")
def GetComputerNameW(call: Call, buffer: int, size_address: int) -> int:
    """The machine's name."""
    return answer_sized_string(call, WIDE, COMPUTER_NAME, buffer, size_address)


@service("kernel32", "GetComputerNameA", "p p")
def GetComputerNameA(call: Call, buffer: int, size_address: int) -> int:
    """GetComputerNameW in ANSI."""
    return answer_sized_string(call, ANSI, COMPUTER_NAME, buffer, size_address)


_NAMES: Final = (COMPUTER_NAME, COMPUTER_NAME, "", COMPUTER_NAME)
"""NetBIOS name, and host, domain and full name in DNS; the next four are those of this node of a cluster."""


def _computer_name(call: Call, kind: StringKind, which: int, buffer: int, size_address: int) -> int:
    """As GetComputerName; MORE_DATA where the name does not fit."""
    if which >= 2 * len(_NAMES):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if not answer_sized_string(call, kind, _NAMES[which % len(_NAMES)], buffer, size_address):
        raise Win32Failure(Win32Error.MORE_DATA)
    return 1


@service("kernel32", "GetComputerNameExW", "u32 p p")
@failing(0)
def GetComputerNameExW(call: Call, which: int, buffer: int, size_address: int) -> int:
    """One of the machine's names (COMPUTER_NAME_FORMAT); it is in no domain."""
    return _computer_name(call, WIDE, which, buffer, size_address)


@service("kernel32", "GetComputerNameExA", "u32 p p")
@failing(0)
def GetComputerNameExA(call: Call, which: int, buffer: int, size_address: int) -> int:
    """GetComputerNameExW in ANSI."""
    return _computer_name(call, ANSI, which, buffer, size_address)


@service("kernel32", "GetSystemTimeAdjustment", "p p p")
def GetSystemTimeAdjustment(call: Call, adjustment: int, increment: int, disabled: int) -> int:
    """The clock interrupt's period in 100 ns, twice; TRUE, for nothing adjusts the time."""
    for address, value in ((adjustment, TICK_100NS), (increment, TICK_100NS), (disabled, 1)):
        call.memory.write_u32(address, value)
    return 1


@service("kernel32", "QueryUnbiasedInterruptTime", "p")
def QueryUnbiasedInterruptTime(call: Call, address: int) -> int:
    """100 ns units since boot, as of the last clock interrupt; FALSE without an address."""
    if not address:
        return 0
    uptime = call.kernel.clock.uptime_100ns()
    call.memory.write_u64(address, uptime - uptime % TICK_100NS)
    return 1


@service("kernel32", "FlushProcessWriteBuffers")
def FlushProcessWriteBuffers(call: Call) -> int:
    """Nothing waits in a buffer: one processor is simulated, and each thread sees what those before it wrote."""
    return 0


def _load_percent(total: int, available: int) -> int:
    return 100 * (total - available) // total if total else 0


@service("kernel32", "GlobalMemoryStatusEx", "p")
@failing(0)
def GlobalMemoryStatusEx(call: Call, buffer: int) -> int:
    """MEMORYSTATUSEX, 64 bytes: physical memory, commit limit and address space, in bytes."""
    if call.memory.read_u32(buffer) != 64:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    status = call.kernel.mm.memory_status(call.process)
    load = _load_percent(status.total_physical, status.available_physical)
    physical = (status.total_physical, status.available_physical)
    commit = (status.commit_limit, status.commit_available)
    virtual = (status.total_virtual, status.available_virtual)
    call.memory.write(buffer + 4, struct.pack("<I7Q", load, *physical, *commit, *virtual, 0))
    return 1


@service("kernel32", "GlobalMemoryStatus", "p")
def GlobalMemoryStatus(call: Call, buffer: int) -> int:
    """MEMORYSTATUS: 32 bytes on 32 bit, where sizes stop at 2 GB - 1 or 4 GB - 1; 56 on 64 bit."""
    status = call.kernel.mm.memory_status(call.process)
    load = _load_percent(status.total_physical, status.available_physical)
    physical = (status.total_physical, status.available_physical)
    commit = (status.commit_limit, status.commit_available)
    virtual = (status.total_virtual, status.available_virtual)
    if call.memory.pointer_size == 8:
        call.memory.write(buffer, struct.pack("<II6Q", 56, load, *physical, *commit, *virtual))
        return 0
    limited = [min(value, 0x7FFFFFFF) for value in physical] + [min(value, 0xFFFFFFFF) for value in commit + virtual]
    call.memory.write(buffer, struct.pack("<II6I", 32, load, *limited))
    return 0
