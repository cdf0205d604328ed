"""What each process has in memory: mapped files and DLLs, totals by type, regions, as known from system tools.

    snapshot   takes views of processes during a run: when each ends, or at a time
    process    one row of figures for a process
    mapped     mapped files and DLLs
    regions    every region of the address space, with its type and its part of the working set
    totals     the regions added up by type
    resident   the working set by virtual page
    heaps      which memory the process's heaps took

Nothing is changed by looking: no page is faulted in, so what is not in RAM is told from the VADs alone.
"""
