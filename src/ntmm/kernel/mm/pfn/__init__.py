"""The PFN database: one entry for each page of RAM, and the lists that pages without an owner stand on.

Every page is in exactly one `PageState` and changes it only through the methods of `PfnDatabase`. `signals` is what
the lists tell the system threads. May use `commit` and `layout`.
"""

from ntmm.kernel.mm.pfn.database import PfnDatabase
from ntmm.kernel.mm.pfn.lists import NO_FRAME
from ntmm.kernel.mm.pfn.state import PageState, PageUse

__all__ = ["NO_FRAME", "PageState", "PageUse", "PfnDatabase"]
