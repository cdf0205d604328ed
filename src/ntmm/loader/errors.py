"""Why an image cannot be loaded."""

from typing import Final

INVALID_IMAGE_FORMAT: Final = 0xC000007B


class LoaderError(Exception):
    """An image that is broken in a way only loading shows; `status` is the NTSTATUS a guest gets for it."""

    def __init__(self, sentence: str, status: int = INVALID_IMAGE_FORMAT) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
