"""What makes pages available again: the bodies of the memory manager's system threads. May use `in_page` and lower.

levels                from how many pages on memory counts as short, or plentiful
modified_writer       writes dirty pages to paging files, in clusters (priority 17)
working_set_manager   ages and trims working sets; the balance set manager's work (priority 16)
zero_page             fills free pages with zeroes (priority 0)
dereference           lets paging files grow and shrink (priority 18)
notifications         the low-memory and high-memory events
shortage              a thread that needs a page waits here
system_threads        a system thread, and the lecture's priorities
pageout               all parts wired together, and the six threads, which `boot` creates
"""

from ntmm.kernel.mm.pageout.pageout import PageOut
from ntmm.kernel.mm.pageout.system_threads import SystemThread, SystemThreadPlan

__all__ = ["PageOut", "SystemThread", "SystemThreadPlan"]
