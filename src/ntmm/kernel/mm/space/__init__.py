"""Address spaces: create and delete; reserve, commit, decommit, release, protect, query; map and unmap views.

One file for each service family. Every function takes an `AddressSpace` and answers an NTSTATUS with its results,
so that a call on another process goes the same way as one on the caller's own. May use everything but `manager`.
"""

from ntmm.kernel.mm.space.address_space import AddressSpace, SwappedRoots
from ntmm.kernel.mm.space.machine import SpaceMachine

__all__ = ["AddressSpace", "SpaceMachine", "SwappedRoots"]
