"""The object behind a token handle."""

from ntmm.kernel.ob import KernelObject
from ntmm.kernel.se import Token


class TokenObject(KernelObject):
    """A process's token, kept alive by its process."""

    type_name = "Token"

    def __init__(self, token: Token) -> None:
        super().__init__()
        self.token = token
        self.reference()
