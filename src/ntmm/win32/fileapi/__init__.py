"""fileapi.h: files, folders, attributes, searches, names and the drive.

create      CreateFile, DeleteFile, CreateDirectory, RemoveDirectory
transfer    ReadFile, WriteFile, file pointers, sizes, times
overlapped  OVERLAPPED
asynchronous outcomes, completion ports, ReadFileScatter and WriteFileGather
locking     LockFile and UnlockFile
attributes  GetFileAttributes and GetFileInformationByHandle
by_handle   what newer programs ask of an open file
find        FindFirstFile and FindNextFile
move        MoveFile, CopyFile
paths       full, temporary and long names
drives      drives and their room
devices     what drive letters stand for
search_path a file in the folders where programs look
security    descriptors of files
"""

from ntmm.win32.fileapi import (
    asynchronous,
    attributes,
    by_handle,
    create,
    devices,
    drives,
    find,
    locking,
    move,
    paths,
    search_path,
    security,
    transfer,
)

__all__ = [
    "asynchronous",
    "attributes",
    "by_handle",
    "create",
    "devices",
    "drives",
    "find",
    "locking",
    "move",
    "paths",
    "search_path",
    "security",
    "transfer",
]
