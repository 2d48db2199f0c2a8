"""The colours of a drawing, on a light and on a dark page.

They are there twice: as attributes, which every converter reads, and as CSS variables, which follow
the page. No colour says anything that a word or a line's dashes do not say as well.
"""

__all__ = ["DARK", "LIGHT", "style_of"]

LIGHT = {
    "surface": "#ffffff",
    "ink": "#1f2328",
    "line": "#57606a",
    "frame": "#f6f8fa",
    "frame-edge": "#afb8c1",
    "op": "#eaf2ff",
    "op-edge": "#2f6db5",
    "parameter": "#fff3d6",
    "parameter-edge": "#9a6700",
    "input": "#f0f1f3",
    "input-edge": "#6b7280",
    "warning": "#ffe3e0",
    "warning-edge": "#c62828",
}
DARK = {
    "surface": "#0d1117",
    "ink": "#e6edf3",
    "line": "#9aa4ae",
    "frame": "#161b22",
    "frame-edge": "#6e7681",
    "op": "#10294b",
    "op-edge": "#6cb6ff",
    "parameter": "#3a2c06",
    "parameter-edge": "#e3b341",
    "input": "#21262d",
    "input-edge": "#8b949e",
    "warning": "#4a1517",
    "warning-edge": "#ff7b72",
}


def style_of(prefix: str) -> str:
    """The style sheet of the drawing whose id is ``prefix``; it touches nothing else on a page.

    Every element of class ``c-NAME`` is filled, and of class ``e-NAME`` edged, in that colour.
    """
    light = "".join(f"--{name}:{colour};" for name, colour in LIGHT.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in DARK.items())
    fills = "".join(f"#{prefix} .c-{name}{{fill:var(--{name})}}" for name in LIGHT)
    edges = "".join(f"#{prefix} .e-{name}{{stroke:var(--{name})}}" for name in LIGHT)
    return (
        f"#{prefix}{{color-scheme:light dark;{light}}}"
        f"@media (prefers-color-scheme:dark){{#{prefix}{{{dark}}}}}{fills}{edges}"
    )
