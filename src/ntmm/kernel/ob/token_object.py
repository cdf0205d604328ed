"""The object behind a token handle."""

from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import TOKEN_MAPPING
from ntmm.kernel.se.assign import assign_security
from ntmm.kernel.se.token import Token


class TokenObject(KernelObject):
    """A token that handles can name; its descriptor is the default one of the user whom it stands for."""

    type_name = "Token"
    mapping = TOKEN_MAPPING
    is_security_required = True

    def __init__(self, token: Token) -> None:
        super().__init__()
        self.token = token
        self.security = assign_security(None, None, token, TOKEN_MAPPING).descriptor
