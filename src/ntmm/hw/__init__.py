"""The machine's hardware: RAM, the paging architectures, and the CPU that walks page tables in that RAM.

`ram`   physical memory: one private anonymous mapping of the host, seen as bytes and as words
`arch`  what an architecture fixes: page sizes, PTE width and bits, levels, self-map addresses
`cpu`   the processor: runs a thread's registers until a trap, then returns the reason (only it imports Unicorn)

Nothing here knows Windows' software PTE formats, processes or threads.
"""
