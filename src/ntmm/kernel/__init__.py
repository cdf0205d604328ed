"""The kernel: traps, objects, files, the memory manager, processes, and their wiring in `boot`.

Rooms, top down: `boot`; `ps`; `mm`; `io`; `ob`; `ke`. Each imports only from those after it.
"""
