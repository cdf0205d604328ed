"""Tokens: which privileges a process holds and which of them are enabled (TOKEN, SePrivilegeCheck)."""

from typing import Final

PRIVILEGES: Final = {
    "SeCreateTokenPrivilege": 2,
    "SeAssignPrimaryTokenPrivilege": 3,
    "SeLockMemoryPrivilege": 4,
    "SeIncreaseQuotaPrivilege": 5,
    "SeMachineAccountPrivilege": 6,
    "SeTcbPrivilege": 7,
    "SeSecurityPrivilege": 8,
    "SeTakeOwnershipPrivilege": 9,
    "SeLoadDriverPrivilege": 10,
    "SeSystemProfilePrivilege": 11,
    "SeSystemtimePrivilege": 12,
    "SeProfileSingleProcessPrivilege": 13,
    "SeIncreaseBasePriorityPrivilege": 14,
    "SeCreatePagefilePrivilege": 15,
    "SeCreatePermanentPrivilege": 16,
    "SeBackupPrivilege": 17,
    "SeRestorePrivilege": 18,
    "SeShutdownPrivilege": 19,
    "SeDebugPrivilege": 20,
    "SeAuditPrivilege": 21,
    "SeSystemEnvironmentPrivilege": 22,
    "SeChangeNotifyPrivilege": 23,
    "SeRemoteShutdownPrivilege": 24,
    "SeUndockPrivilege": 25,
    "SeManageVolumePrivilege": 28,
    "SeImpersonatePrivilege": 29,
    "SeCreateGlobalPrivilege": 30,
}
"""LUIDs of the privileges by name (ntseapi.h)."""

_USER_HOLDS: Final = (
    "SeChangeNotifyPrivilege",
    "SeShutdownPrivilege",
    "SeUndockPrivilege",
    # What the user of a machine of one's own has: larger working sets, and paging files.
    "SeIncreaseBasePriorityPrivilege",
    "SeCreatePagefilePrivilege",
)
_USER_ENABLED: Final = ("SeChangeNotifyPrivilege",)


class Token:
    """The token of the machine's user: what may be done to the host's folder, the host decides."""

    def __init__(self) -> None:
        self._enabled = {PRIVILEGES[name]: name in _USER_ENABLED for name in _USER_HOLDS}

    def grant(self, luid: int) -> None:
        """Adds a privilege, disabled, as an administrator's assignment does."""
        self._enabled.setdefault(luid, False)

    def holds(self, luid: int) -> bool:
        """True if the privilege is there, enabled or not."""
        return luid in self._enabled

    def is_enabled(self, luid: int) -> bool:
        """True if the privilege may be used now."""
        return self._enabled.get(luid, False)

    def set_enabled(self, luid: int, enabled: bool) -> bool:
        """Enables or disables a privilege; False if the token does not hold it."""
        if luid not in self._enabled:
            return False
        self._enabled[luid] = enabled
        return True

    def privileges(self) -> list[tuple[int, bool]]:
        """All privileges held, with whether they are enabled, sorted by LUID."""
        return sorted(self._enabled.items())
