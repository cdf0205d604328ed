"""The PFN database: one entry for each page of RAM, and the lists that pages without an owner stand on.

Every page is in exactly one `PageState` and changes it only through the methods of `PfnDatabase`. `entries` is the form
in which the database lies in RAM, `signals` what the lists tell the system threads. May use `commit` and `layout`.
"""

from ntmm.kernel.mm.pfn.database import PfnDatabase
from ntmm.kernel.mm.pfn.entries import ENTRY_FORMS
from ntmm.kernel.mm.pfn.lists import NO_FRAME
from ntmm.kernel.mm.pfn.state import PageState, PageUse

__all__ = ["ENTRY_FORMS", "NO_FRAME", "PageState", "PageUse", "PfnDatabase"]
