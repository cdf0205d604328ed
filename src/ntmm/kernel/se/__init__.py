"""Security: who runs a program, what an object's descriptor allows, and the check of one against the other.

sid, well_known     security identifiers | those that every machine has
accounts            users and groups by name
access              access masks and what generic rights mean for each type of object
acl, descriptor     lists of who may do what | owner, group and the two lists of an object
capture             reading these from a program's memory
privileges, token   rights of users | the token of a process
check, assign       the access check | the descriptor of a new object
sddl                the text form of descriptors

May use `ke`.
"""

from ntmm.kernel.se import well_known
from ntmm.kernel.se.access import GenericMapping
from ntmm.kernel.se.accounts import Account, Accounts
from ntmm.kernel.se.acl import Ace, AceType, Acl
from ntmm.kernel.se.assign import assign_security
from ntmm.kernel.se.check import AccessAnswer, access_check
from ntmm.kernel.se.descriptor import SecurityDescriptor
from ntmm.kernel.se.privileges import PRIVILEGES
from ntmm.kernel.se.sid import Sid
from ntmm.kernel.se.token import Token

__all__ = [
    "PRIVILEGES",
    "AccessAnswer",
    "Account",
    "Accounts",
    "Ace",
    "AceType",
    "Acl",
    "GenericMapping",
    "SecurityDescriptor",
    "Sid",
    "Token",
    "access_check",
    "assign_security",
    "well_known",
]
