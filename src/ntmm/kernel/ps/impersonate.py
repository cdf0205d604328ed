"""Threads that act for somebody else than their process (PsImpersonateClient, PsRevertToSelf)."""

from typing import Final

from ntmm.kernel.ob import TokenObject
from ntmm.kernel.ps.thread import Thread
from ntmm.kernel.se import PRIVILEGES
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.nt.status import Status

_IMPERSONATE: Final = PRIVILEGES["SeImpersonatePrivilege"]


def impersonate(thread: Thread, target: TokenObject) -> Status:
    """From now on `thread` acts with an impersonation token; BAD_TOKEN_TYPE for a primary one.

    For another user without SeImpersonatePrivilege it can only be identified: nothing opens with it.
    """
    token, own = target.token, thread.process.token
    if token.type is not TokenType.IMPERSONATION:
        return Status.BAD_TOKEN_TYPE
    is_trusted = token.user == own.user or own.is_enabled(_IMPERSONATE)
    if not is_trusted and token.impersonation_level > ImpersonationLevel.IDENTIFICATION:
        target = TokenObject(token.duplicate(TokenType.IMPERSONATION, ImpersonationLevel.IDENTIFICATION))
    target.reference()
    revert_to_self(thread)
    thread.impersonated = target
    return Status.SUCCESS


def revert_to_self(thread: Thread) -> None:
    """`thread` acts for its process again."""
    target, thread.impersonated = thread.impersonated, None
    if target is not None:
        target.dereference()
