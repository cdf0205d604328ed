"""Drivers: routines that the CPU runs in ring 0, and what their faults do to the machine.

`drivers` loads and calls them. The memory that they lie in is the memory manager's (`mm.system_images`).
"""

from ntmm.kernel.drivers.drivers import Drivers

__all__ = ["Drivers"]
