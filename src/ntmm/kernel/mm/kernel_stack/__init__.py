"""Kernel stacks: made in system PTEs, grown, put out of memory and brought back. May use `in_page` and lower.

`kernel_stack` is one stack, `kernel_stacks` makes them, and `swapping` takes their pages out of memory and reads them.
"""

from ntmm.kernel.mm.kernel_stack.kernel_stack import KernelStack
from ntmm.kernel.mm.kernel_stack.kernel_stacks import KernelStacks
from ntmm.kernel.mm.kernel_stack.swapping import StackSwapping

__all__ = ["KernelStack", "KernelStacks", "StackSwapping"]
