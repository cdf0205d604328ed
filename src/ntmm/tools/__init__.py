"""Looking into a machine: a debugger, its commands, and what they show.

    debugger     runs a machine to its next stop and holds it there
    breakpoints  int3 in the program's code, stopping at page faults
    stops        why it stopped
    session      a machine on a host thread of its own, and a debugger on it
    shell        command lines: split, looked up, carried out, completed
    command      what a command is
    commands/    the commands, one file for each family
    views/       what each process has in memory, as `ntmm views` shows it
    rows         what commands yield: rows of columns that say what they mean
    render       rows as text or JSON
    expressions  addresses and numbers as typed
    symbols      exported functions
    walk         page-table walks and reads of memory that change nothing
    entries      invalid page-table entries decoded
    protections  protections and entry bits in words
    kernel_view  the one place that knows how the memory manager keeps its structures
    object_view  the same for control areas, handles and names

Commands that look change nothing: no page is faulted in and no accessed bit is set.
"""
