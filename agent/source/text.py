def printable(text: str) -> str:
    """Return text from outside without what a terminal would obey, and on one line."""
    return "".join(character if character.isprintable() else " " for character in text)
