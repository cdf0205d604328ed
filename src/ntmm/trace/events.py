"""The types of events. `virtual_time` is always first: 100 ns units since the machine booted.

Events hold plain numbers and names of the simulated machine, nothing of the host, so two equal runs make equal
streams. They are named tuples because a run with a recorder makes hundreds of thousands, and a tuple is made in a
third of a frozen dataclass's time.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """A page fault was answered (MmAccessFault).

    `kind` is the case of the fault ladder that answered, `origin` who touched the page: "cpu" for a #PF of the
    processor, "kernel" for an access through the kernel's door to guest memory. `error_code` is the hardware's.
    """

    virtual_time: int
    process: int
    thread: int
    kind: str
    origin: str
    address: int
    error_code: int
    status: int


class PteChange(NamedTuple):
    """An entry of a page table or of a prototype PTE array got another value, in raw bits.

    `pte_address` is the entry's physical address: the same tables have another virtual address in every process.
    """

    virtual_time: int
    pte_address: int
    before: int
    after: int


class PageMoved(NamedTuple):
    """A physical page went from one state of the PFN database to another."""

    virtual_time: int
    frame: int
    source: str
    destination: str


class VadChange(NamedTuple):
    """A range of an address space was reserved, committed, decommitted, released or protected; `end` is exclusive."""

    virtual_time: int
    process: int
    change: str
    start: int
    end: int
    protection: int


class ImageMapped(NamedTuple):
    """An image section was mapped; `size` in bytes. `relocated`: not at the base its file asks for."""

    virtual_time: int
    process: int
    name: str
    base: int
    size: int
    relocated: bool


class ProcessCreated(NamedTuple):
    """A process and its address space came into being."""

    virtual_time: int
    process: int
    parent: int
    image: str


class ProcessEnded(NamedTuple):
    """A process ended; its address space is deleted when the last handle goes."""

    virtual_time: int
    process: int
    exit_status: int


class ThreadCreated(NamedTuple):
    """A thread is ready to run at `start`."""

    virtual_time: int
    process: int
    thread: int
    start: int


class ThreadEnded(NamedTuple):
    """A thread ran for the last time."""

    virtual_time: int
    process: int
    thread: int
    exit_status: int


class ExceptionRaised(NamedTuple):
    """An exception was handed to the program; `code` is its NTSTATUS, `address` that of the instruction."""

    virtual_time: int
    process: int
    thread: int
    code: int
    address: int


class ApiCall(NamedTuple):
    """A thread called a function of a system DLL that the kernel answers."""

    virtual_time: int
    process: int
    thread: int
    dll: str
    name: str


class PagingIo(NamedTuple):
    """Pages went between RAM and a paging file: one read or write of `pages` pages from `slot` on.

    `operation` is "read" or "write", `paging_file` the file's number, `thread` who asked: the one that faulted, or a
    page writer.
    """

    virtual_time: int
    operation: str
    paging_file: int
    slot: int
    pages: int
    thread: int


class CacheAction(NamedTuple):
    """The system cache did something with pages of a file, in bytes from `offset` on.

    `action` is "map", "unmap", "read ahead", "lazy write", "flush" or "purge", `thread` on whose behalf.
    """

    virtual_time: int
    action: str
    file: str
    offset: int
    size: int
    thread: int


class Trim(NamedTuple):
    """The working-set manager took `pages` pages from a process (MmWorkingSetManager); `reason` says why."""

    virtual_time: int
    process: int
    pages: int
    reason: str


class StackSwapped(NamedTuple):
    """A thread's kernel stack left memory or came back; `direction` is "out" or "in"."""

    virtual_time: int
    thread: int
    direction: str


class ProcessSwapped(NamedTuple):
    """A process all of whose stacks are out left memory, or came back; `direction` is "out" or "in"."""

    virtual_time: int
    process: int
    direction: str


Event = (
    Fault
    | PteChange
    | PageMoved
    | VadChange
    | ImageMapped
    | ProcessCreated
    | ProcessEnded
    | ThreadCreated
    | ThreadEnded
    | ExceptionRaised
    | ApiCall
    | PagingIo
    | CacheAction
    | Trim
    | StackSwapped
    | ProcessSwapped
)
