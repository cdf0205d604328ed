"""The security descriptors of files: derived, not stored, for the host decides who may do what in its folder.

Every file belongs to the machine's user, and everybody may do everything, as on a FAT volume.
"""

from typing import Final

from ntmm.kernel.se import well_known
from ntmm.kernel.se.access import FILE_MAPPING
from ntmm.kernel.se.accounts import DEFAULT_USER
from ntmm.kernel.se.acl import Ace, AceType, Acl
from ntmm.kernel.se.descriptor import descriptor_with_dacl

FILE_SECURITY: Final = descriptor_with_dacl(
    DEFAULT_USER.sid, well_known.NONE, Acl((Ace(AceType.ALLOWED, FILE_MAPPING.all, well_known.WORLD),))
)
