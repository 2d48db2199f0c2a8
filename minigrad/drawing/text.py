"""Text in a picture: fit for XML, and how wide it is in a monospaced font."""

import re
from html import escape
from unicodedata import east_asian_width

__all__ = ["columns", "one_line_of", "text_width", "xml_text"]

ADVANCE = 6.7
"""How wide a character is, at most, in the usual monospaced fonts at 11 px."""

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text as it may stand in XML and HTML, in elements and in quoted attributes.

    Examples
    --------
    >>> xml_text('a<b & "c"')
    'a&lt;b &amp; &quot;c&quot;'
    """
    return escape(NOT_IN_XML.sub("\ufffd", text))


def one_line_of(text: str) -> str:
    """The text without line breaks, and without what no file of text can hold."""
    return NOT_IN_XML.sub("\ufffd", text).replace("\r", " ").replace("\n", " ")


def columns(text: str) -> int:
    """How many columns it takes: wide characters, such as Chinese ones, take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def text_width(text: str) -> float:
    """The width at 11 px."""
    return ADVANCE * columns(text)
