"""What the addresses of the desk carry: the key of a list's next page."""


def key_of(text: str | None) -> int | None:
    """Read a key; what is none begins at the top."""
    if text and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return None
