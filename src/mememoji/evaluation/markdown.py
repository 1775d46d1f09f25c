"""Text building blocks of all reports: percentages, Markdown tables, and aligned columns for a terminal."""

import math
from collections.abc import Mapping, Sequence


def format_percent(fraction: float) -> str:
    """Format a fraction 0..1 in percent with one decimal; a dash for NaN, a value that was not measured.

    Example:
        >>> format_percent(0.70456)
        '70.5'
    """
    return "–" if math.isnan(fraction) else f"{100 * fraction:.1f}"


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a Markdown table; with more than two columns all but the first are right-aligned.

    Example:
        >>> print(format_table(("", "accuracy"), [("val", "71.2")]))
        |  | accuracy |
        | --- | --- |
        | val | 71.2 |
    """
    rule = ["---"] + ["---:" if len(head) > 2 else "---"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def format_columns(rows: Sequence[Sequence[str]], *, min_width: int = 0) -> str:
    """Align rows of text in columns, the first to the left and the others to the right; rows may differ in length.

    Args:
        rows: The cells of each line.
        min_width: The minimum width in characters of every column but the first.
    """
    num_columns = max(len(row) for row in rows)
    widths = [max(len(row[column]) for row in rows if len(row) > column) for column in range(num_columns)]
    lines = []
    for row in rows:
        others = (cell.rjust(max(width, min_width)) for cell, width in zip(row[1:], widths[1 : len(row)], strict=True))
        lines.append("  ".join([row[0].ljust(widths[0]), *others]).rstrip())
    return "\n".join(lines)


def format_figure(name: str, figures: Sequence[str], captions: Mapping[str, str]) -> list[str]:
    """Return the paragraphs that show a figure with its caption; none if it is not among the report's files."""
    return [f"![{captions[name]}]({name})", f"*{captions[name]}*"] if name in figures else []
