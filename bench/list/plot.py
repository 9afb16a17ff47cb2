"""The picture of docs/performance.md: `plot.py MEASURED PNG`. Run in `.venv-bench`, which has matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

# Name, colour, marker, size: ours filled and in front, the others hollow.
LOOKS = {
    "Datasette": ("#8a6d3b", "D", 34),
    "fastapi-pagination": ("#c0392b", "s", 40),
    "CallCov, PostgreSQL": ("#2c7fb8", "^", 52),
    "CallCov, SQLite": ("#0b6e4f", "o", 58),
}
OURS = "CallCov, SQLite"


def main(measured: str, picture: str) -> None:
    kept = json.loads(Path(measured).read_text(encoding="utf-8"))
    names = kept["cases"]
    figure, axes = plt.subplots(figsize=(10, 6.6), dpi=130)
    _floor(axes, kept)
    for place, name in enumerate(names):
        times = [_time(kept, system, name) for system in LOOKS]
        known = [one for one in times if one is not None]
        if known:
            axes.plot([min(known), max(known)], [place, place], color="#d5d8dc", linewidth=1.2, zorder=1)
    for system, (colour, marker, size) in LOOKS.items():
        found = [(_time(kept, system, name), place) for place, name in enumerate(names)]
        points = [(took, place) for took, place in found if took is not None]
        if points:
            face = colour if system.startswith("CallCov") else "white"
            axes.scatter(
                *zip(*points, strict=True),
                s=size,
                marker=marker,
                color=face,
                edgecolors=colour,
                linewidths=1.4,
                label=system,
                zorder=3,
            )
    _frame(axes, names, kept)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Software": None})


def _time(kept: dict, system: str, name: str) -> float | None:
    return kept["systems"].get(system, {}).get("cases", {}).get(name, {}).get("alone", {}).get("median")


def _floor(axes: Axes, kept: dict) -> None:
    """The floor of a page of 100 records on SQLite as a line."""
    floors = kept["floors"].get(OURS, {})
    took = next((one["median"] for name, one in floors.items() if name.startswith("100 known")), None)
    if took is not None:
        axes.axvline(took, color="#0b6e4f", linestyle=(0, (4, 3)), linewidth=1, zorder=0)
        axes.text(took * 1.04, -0.75, "floor: 100 known keys", color="#0b6e4f", fontsize=8, va="center")


def _frame(axes: Axes, names: list[str], kept: dict) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -1.1)
    axes.set_xlabel("milliseconds a page over HTTP, one client, median (logarithmic)")
    title = f"A page of the list and its exact total, account of {kept['account']:,} calls"
    axes.set_title(title, loc="left", fontsize=12, pad=28)
    axes.grid(axis="x", which="major", color="#ebedef", zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    handles, labels = axes.get_legend_handles_labels()
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": len(labels) or 1}
    axes.legend(handles[::-1], labels[::-1], frameon=False, fontsize=9, columnspacing=1.4, **place)


if __name__ == "__main__":
    main(*sys.argv[1:])
