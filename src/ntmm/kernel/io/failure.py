"""How an I/O operation fails: with an NTSTATUS."""

import errno

from ntmm.nt.status import Status


class IoFailure(Exception):
    """An I/O request was completed with an error status."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"I/O failed with {status.name}")
        self.status = status


class FileRefused(OSError):
    """The file system refuses the memory manager a read or a write; `status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


_STATUS_OF_ERRNO = {
    errno.ENOENT: Status.OBJECT_NAME_NOT_FOUND,
    errno.EEXIST: Status.OBJECT_NAME_COLLISION,
    errno.EACCES: Status.ACCESS_DENIED,
    errno.EPERM: Status.ACCESS_DENIED,
    errno.EROFS: Status.MEDIA_WRITE_PROTECTED,
    errno.ELOOP: Status.ACCESS_DENIED,
    errno.ENOTDIR: Status.OBJECT_PATH_NOT_FOUND,
    errno.EISDIR: Status.FILE_IS_A_DIRECTORY,
    errno.ENOTEMPTY: Status.DIRECTORY_NOT_EMPTY,
    errno.ENAMETOOLONG: Status.OBJECT_NAME_INVALID,
    errno.EILSEQ: Status.OBJECT_NAME_INVALID,
    errno.ENOSPC: Status.DISK_FULL,
    errno.EDQUOT: Status.DISK_FULL,
    errno.EFBIG: Status.DISK_FULL,
    errno.EXDEV: Status.NOT_SAME_DEVICE,
    errno.EINVAL: Status.INVALID_PARAMETER,
    errno.EMFILE: Status.INSUFFICIENT_RESOURCES,
    errno.ENFILE: Status.INSUFFICIENT_RESOURCES,
    errno.ENXIO: Status.ACCESS_DENIED,
    errno.ETXTBSY: Status.SHARING_VIOLATION,
}


def host_failure(error: OSError) -> IoFailure:
    """The failure that stands for an error of the host's file system."""
    return IoFailure(status_of(error))


def status_of(error: OSError) -> Status:
    """The NTSTATUS of a refused read or write."""
    if isinstance(error, FileRefused):
        return error.status
    return _STATUS_OF_ERRNO.get(error.errno or 0, Status.IO_DEVICE_ERROR)
