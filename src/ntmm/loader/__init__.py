"""The image loader (Ldr): from a verified image file to a process that can start.

    errors           why an image cannot be loaded
    space            what the loader asks of an address space; the adapter to the kernel's memory manager
    arena, text      small blocks of guest memory for loader data; UNICODE_STRING
    modules          loaded modules and the list of them
    ldr_data         PEB_LDR_DATA and its three lists, as programs walk them
    protection       making image pages writable for a moment
    image_text       names inside mapped images
    exports          looking up functions in mapped images, forwarders included
    missing          thunks that stand for functions no DLL provides
    imports          binding import tables
    relocations      moving an image away from its preferred base
    tls              thread-local storage of images
    apiset           DLL names that stand for other DLLs
    synthesis        the system DLLs, built as images from the service table
    search           which file a DLL name means
    linker           loads an image with all it imports; one for each process
    start_block      the list of initializers handed to guest code
    parameters, peb, teb   the blocks of a process and a thread, in Windows' layouts
    process          everything a new process or thread needs before its first instruction
    start            from a program's file to a process that can run; more threads of it
    native_process   NtCreateProcess and NtCreateThread
    services         the exports for programs: GetProcAddress, GetModuleHandle, ...
    image_services   what LoadLibrary and FreeLibrary in guest code trap into

An image that cannot be loaded is a `LoaderError` with one sentence and an NTSTATUS; nothing of it stays behind.
"""
