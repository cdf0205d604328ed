"""The access rights of tokens, and the token behind a handle."""

from typing import Final

from ntmm.kernel.ob import TokenObject
from ntmm.kernel.se import Token
from ntmm.native.call import Call

TOKEN_ASSIGN_PRIMARY: Final = 0x1
TOKEN_DUPLICATE: Final = 0x2
TOKEN_IMPERSONATE: Final = 0x4
TOKEN_QUERY: Final = 0x8
TOKEN_QUERY_SOURCE: Final = 0x10
TOKEN_ADJUST_PRIVILEGES: Final = 0x20
TOKEN_ADJUST_GROUPS: Final = 0x40
TOKEN_ADJUST_DEFAULT: Final = 0x80


def token_of(call: Call, handle: int, access: int) -> Token:
    """The token of a handle; raises InvalidHandle, also where rights of `access` lack."""
    return call.process.handles.lookup(handle, TokenObject, access).token
