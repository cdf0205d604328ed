"""NtCreatePagingFile."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_MAXIMUM_NAME_BYTES: Final = 0x100


@service("ntdll", "NtCreatePagingFile", "p p p u32")
def NtCreatePagingFile(call: Call, name: int, minimum: int, maximum: int, priority: int) -> int:
    """Adds a paging file, or lets an active one grow further; sizes in bytes as LARGE_INTEGERs.

    Needs the privilege to create one (PRIVILEGE_NOT_HELD); the name is 2 to 256 bytes long (OBJECT_NAME_INVALID).
    The priority has no meaning, as in Windows.
    """
    if not has_privilege(call, "SeCreatePagefilePrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    memory = call.memory
    sizes = memory.read_u64(minimum), memory.read_u64(maximum)
    length = memory.read_u16(name)
    if not 0 < length <= _MAXIMUM_NAME_BYTES:
        return Status.OBJECT_NAME_INVALID
    data = memory.read(memory.read_pointer(name + memory.pointer_size), length & ~1)
    return call.kernel.mm.create_paging_file(data.decode("utf-16-le", "surrogatepass"), *sizes)
