"""Security: the token of a process and its privileges.

May use `ke`.
"""

from ntmm.kernel.se.token import PRIVILEGES, Token

__all__ = ["PRIVILEGES", "Token"]
