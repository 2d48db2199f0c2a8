"""A page with one drawing: no scripts, nothing to load."""

from minigrad.drawing.colours import DARK, LIGHT
from minigrad.drawing.text import xml_text

__all__ = ["page_of"]

STYLE = (
    ":root { color-scheme: light dark; } "
    f"body {{ margin: 0; background: {LIGHT['surface']}; }} "
    f"@media (prefers-color-scheme: dark) {{ body {{ background: {DARK['surface']}; }} }}"
)


def page_of(title: str, svg: str) -> str:
    """The HTML page with this title and this ``<svg>`` element."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{xml_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{svg}\n</body>\n</html>\n"
    )
