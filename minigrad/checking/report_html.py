"""A report as a table for notebooks: no scripts, no colours that need a light or a dark page."""

from html import escape
from typing import Any

from minigrad.checking.report_text import HEADER, cells, notes
from minigrad.checking.verdict import RULE

__all__ = ["report_html"]

TINTS = {
    "ok": "rgba(60, 170, 80, .25)",
    "vacuous": "rgba(128, 128, 128, .25)",
    "kink": "rgba(70, 130, 230, .25)",
    "inconclusive": "rgba(230, 160, 30, .35)",
    "FAIL": "rgba(230, 60, 50, .35)",
    "nondeterministic": "rgba(180, 80, 200, .35)",
}
CELL = "text-align: left; padding: .2em .6em; white-space: nowrap"


def report_html(report: Any) -> str:
    """The report's rows, each with its notes, the rule, and the line that reproduces it."""
    parts = [
        f"<div><p><b>{escape(report.title)}</b>: {verdict(report.verdict)}</p>",
        "<table><thead><tr>",
        *(f'<th style="{CELL}">{escape(title)}</th>' for title in HEADER),
        "</tr></thead><tbody>",
    ]
    for row in report.rows:
        *texts, last = cells(row)
        parts.append("<tr>")
        parts += [f'<td style="{CELL}">{escape(text)}</td>' for text in texts]
        parts.append(f'<td style="{CELL}">{verdict(last)}</td></tr>')
        for note in notes(row):
            style = "text-align: left; padding: 0 .6em .2em 2em; opacity: .8"
            parts.append(
                f'<tr><td colspan="{len(HEADER)}" style="{style}">{escape(note)}</td></tr>'
            )
    parts.append("</tbody></table>")
    parts += [f"<p>{escape(problem)}</p>" for problem in report.problems]
    rule = escape(RULE).replace("\n", "<br>")
    parts.append(f'<p style="opacity: .8"><small>{rule}</small></p>')
    if not report.ok and report.reproduce:
        parts.append(f"<p><code>{escape(report.reproduce)}</code></p>")
    return "".join([*parts, "</div>"])


def verdict(text: str) -> str:
    style = f"background: {TINTS[text]}; padding: .1em .5em; border-radius: .3em"
    return f'<span style="{style}">{escape(text)}</span>'
