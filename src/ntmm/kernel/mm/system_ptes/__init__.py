"""System PTEs: addresses of system space for kernel stacks, MDLs and I/O space, a page at a time.

`list_format` packs free entries as NT does; `system_ptes` hands runs of them out. May use `tables` and lower.
"""

from ntmm.kernel.mm.system_ptes.system_ptes import SystemPtes, system_pte_count

__all__ = ["SystemPtes", "system_pte_count"]
