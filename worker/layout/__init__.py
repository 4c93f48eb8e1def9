"""Layout: from the lines of an upright page to its blocks in reading order."""

from worker.layout.analysis import analyse_layout
from worker.layout.line_order import arrange
from worker.layout.text import compose_text
from worker.layout.tree import BlockLayout, CellLayout, LayoutLine, LayoutWord, TableLayout

__all__ = [
    "BlockLayout",
    "CellLayout",
    "LayoutLine",
    "LayoutWord",
    "TableLayout",
    "analyse_layout",
    "arrange",
    "compose_text",
]
