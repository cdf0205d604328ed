"""The kernel's core: the clock, waits and the scheduler, traps, exceptions, bugchecks, and the door to guest memory.

`access` is the only way for Python to touch pageable memory. `trap` runs a thread: it enters the CPU and hands each
exit to the slot that `boot` filled. Knows nothing of address spaces, processes or services.
"""
