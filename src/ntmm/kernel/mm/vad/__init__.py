"""Virtual address descriptors: which ranges of a process's address space mean what. May use `tables` and lower."""

from ntmm.kernel.mm.vad.tree import VadTree
from ntmm.kernel.mm.vad.vad import Vad, VadKind

__all__ = ["Vad", "VadKind", "VadTree"]
