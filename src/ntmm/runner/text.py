"""Text of unknown origin, made fit for a terminal."""


def printable(text: str) -> str:
    """Text that came from a program or a file name, without anything a terminal would obey."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
