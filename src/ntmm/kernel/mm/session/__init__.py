"""Session space: what the processes of one session share, and no other sees ("per session address space").

    session pool   paged pool of the session           16 MB by default   SessionPoolSize
    views          sections mapped for the session     20 MB by default   SessionViewSize
    structure      MM_SESSION_SPACE, working-set list   4 MB
    images         reserved: nothing is loaded there    8 MB

`session_space` is one session: its page tables, which lie in the roots of all its processes, its pool and its working
set. `views` is its part for mapped views, `structure` the page that debuggers know. Its pages come and go like those of
paged pool; its page tables stay. Who uses such memory in Windows is win32k; here it is drivers and Python. May use
`fault` and lower.
"""

from ntmm.kernel.mm.session.session_space import SessionOwner, SessionSpace
from ntmm.kernel.mm.session.views import SessionView

__all__ = ["SessionOwner", "SessionSpace", "SessionView"]
