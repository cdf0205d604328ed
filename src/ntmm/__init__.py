"""ntmm: the Windows NT memory manager in Python, managing the memory of unmodified Windows programs.

Rooms, top down; each imports only from those after it, and rooms on one line do not know each other:

    cli             the command line
    runner          loads and runs programs on a machine; the report of a run
    crt             the C run-time exports that programs import
    win32           the Windows API, by SDK header
    loader          images, imports, relocations, PEB and TEB, system DLLs as images
    native          Nt* services by family, and the service table
    kernel          memory manager, processes, objects, files, threads, and their wiring
    hw | pe | nt    the machine | the PE format | NTSTATUS, protections, limits, profiles
    trace           event types and recorders
    guest           C: the part of the system DLLs that runs as guest code, and where its built form lies
"""
