"""Tables: which lines are one, its rows, columns and cells, and where lines that stand in several cells divide."""

from worker.layout.tables.find import find_tables
from worker.layout.tables.structure import TableStructure, analyse_table, divide_lines
from worker.layout.tables.table_region import TableRegion

__all__ = ["TableRegion", "TableStructure", "analyse_table", "divide_lines", "find_tables"]
