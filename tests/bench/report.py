"""What a benchmark says."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line: what was measured, ours, the floor's, their ratio, and whether the aim is reached."""

    what: str
    ours: str
    floor: str
    ratio: float | None
    aim: str
    reached: bool


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(figures: list[Figure]) -> None:
    table = Table(title="telemed beside the floor of the same run")
    for heading in ("what", "telemed", "floor", "ratio", "aim", ""):
        table.add_column(heading, overflow="fold")
    for figure in figures:
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        verdict = "[green]reached[/]" if figure.reached else "[red]missed[/]"
        table.add_row(figure.what, figure.ours, figure.floor, ratio, figure.aim, verdict)
    Console(width=140).print(table)
