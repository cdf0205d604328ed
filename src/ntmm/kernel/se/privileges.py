"""Privileges: rights that belong to a user rather than to an object, by name and LUID (ntseapi.h)."""

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
"""LUIDs of the privileges by name."""

USER_PRIVILEGES: Final = {
    # Privilege: whether it is enabled at logon
    "SeChangeNotifyPrivilege": True,
    "SeShutdownPrivilege": False,
    "SeUndockPrivilege": True,
}
"""What every user of a workstation holds."""

ADMINISTRATOR_PRIVILEGES: Final = USER_PRIVILEGES | {
    "SeBackupPrivilege": False,
    "SeCreateGlobalPrivilege": True,
    "SeCreatePagefilePrivilege": False,
    "SeDebugPrivilege": False,
    "SeImpersonatePrivilege": True,
    "SeIncreaseBasePriorityPrivilege": False,
    "SeIncreaseQuotaPrivilege": False,
    "SeLoadDriverPrivilege": True,
    "SeManageVolumePrivilege": False,
    "SeProfileSingleProcessPrivilege": False,
    "SeRemoteShutdownPrivilege": False,
    "SeRestorePrivilege": False,
    "SeSecurityPrivilege": False,
    "SeSystemEnvironmentPrivilege": False,
    "SeSystemProfilePrivilege": False,
    "SeSystemtimePrivilege": False,
    "SeTakeOwnershipPrivilege": False,
}
"""What a member of Administrators holds as well; SeLockMemoryPrivilege is nobody's until it is assigned."""
