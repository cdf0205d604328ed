"""The refusal of an image file, with the NTSTATUS that section creation answers for it."""

from typing import Final

INVALID_IMAGE_FORMAT: Final = 0xC000007B
INVALID_IMAGE_LE_FORMAT: Final = 0xC000012E
INVALID_IMAGE_NOT_MZ: Final = 0xC000012F
INVALID_IMAGE_PROTECT: Final = 0xC0000130
INVALID_IMAGE_WIN_16: Final = 0xC0000131


class MalformedImage(Exception):
    """An image file that cannot be run: `sentence` tells why, `status` is the NTSTATUS a guest gets for it."""

    def __init__(self, sentence: str, status: int = INVALID_IMAGE_FORMAT) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def require(condition: bool, sentence: str, status: int = INVALID_IMAGE_FORMAT) -> None:
    """Raises MalformedImage with the sentence unless the condition holds."""
    if not condition:
        raise MalformedImage(sentence, status)
