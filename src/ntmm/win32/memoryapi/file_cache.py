"""The limits of the file cache's working set, in bytes (x64 editions, and Server 2003 with SP1)."""

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.native.system_cache import file_cache_flags, set_file_cache
from ntmm.nt.status import is_success
from ntmm.win32.failing import failing


@service("kernel32", "GetSystemFileCacheSize", "p p p")
@failing(0)
def GetSystemFileCacheSize(call: Call, minimum: int, maximum: int, flags: int) -> int:
    """Both limits, and FILE_CACHE_*_HARD_ENABLE for those that are hard."""
    limits = call.kernel.mm.cache_limits()
    call.memory.write_pointer(minimum, limits.minimum)
    call.memory.write_pointer(maximum, limits.maximum)
    call.memory.write_u32(flags, file_cache_flags(limits.hard_minimum, limits.hard_maximum))
    return 1


@service("kernel32", "SetSystemFileCacheSize", "p p u32")
@failing(0)
def SetSystemFileCacheSize(call: Call, minimum: int, maximum: int, flags: int) -> int:
    """Sets both limits, which are enforced if they are hard; needs SeIncreaseQuotaPrivilege enabled."""
    status = set_file_cache(call, minimum, maximum, flags)
    return 1 if is_success(status) else call.fail(status)
