"""What was measured, as a table and as a chart."""

from pathlib import Path
from typing import Any


def print_table(name: str, rows: list[dict[str, Any]]) -> None:
    """Each peer's time, and its ratio to NumPy with the quartiles of the pairs."""
    for row in rows:
        title = f"{name}, {row['phase']}" if row["phase"] else name
        print(f"\n{title}")
        for peer, cell in row["peers"].items():
            if "missing" in cell:
                print(f"  {peer:14} {'':>12}  {cell['missing']}")
                continue
            line = f"  {peer:14} {cell['microseconds']['median']:>12,.1f} µs"
            if "ratio" in cell:
                ratio = cell["ratio"]
                line += f" {ratio['median']:>8.2f}  ({ratio['lower']:.2f} to {ratio['upper']:.2f})"
            megabytes = cell["first_run_bytes"] / 1e6
            print(f"{line:58} {megabytes:>8.1f} MB", flush=True)


def ratios_of(results: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Of each workload the medians of the ratios, peer by peer; None for a blank."""
    table = {}
    for name, result in results.items():
        for row in result["rows"]:
            title = f"{name}, {row['phase']}" if row["phase"] else name
            table[title] = {
                peer: cell["ratio"]["median"] if "ratio" in cell else None
                for peer, cell in row["peers"].items()
            }
    return table


def print_ratios(results: dict[str, Any], peers: list[str]) -> None:
    """The table of ratios in Markdown, as it stands in the README."""
    print("\n| time over NumPy's | " + " | ".join(peers) + " |")
    print("|---|" + "---|" * len(peers))
    for title, ratios in ratios_of(results).items():
        cells = ["" if ratios.get(p) is None else f"{ratios[p]:.2f}" for p in peers]
        print(f"| {title} | " + " | ".join(cells) + " |")


def draw_chart(results: dict[str, Any], peers: list[str], file: Path) -> None:
    """Ratios on a logarithmic axis, a line for each workload and a mark for each peer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    table = ratios_of(results)
    figure, axes = plt.subplots(figsize=(9, 1.5 + 0.35 * len(table)), layout="constrained")
    for number, peer in enumerate(peers):
        points = [
            (ratios[peer], row)
            for row, ratios in enumerate(table.values())
            if ratios.get(peer) is not None
        ]
        if points:
            marker = "D" if peer == "minigrad" else "osv^<>pPX*h"[number % 11]
            axes.plot(*zip(*points, strict=True), marker, label=peer, alpha=0.8)
    axes.set_yticks(range(len(table)), list(table))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xlabel("time over NumPy's by hand")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(file, dpi=120)
