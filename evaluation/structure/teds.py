"""TEDS: how like two tables are, by the distance of their trees.

Zhong et al., "Image-based table recognition: data, model, and evaluation", ECCV 2020 (arXiv:1911.10683); header and
body cells, and the sections they stand in, are not told apart, as in OmniDocBench.
"""

from __future__ import annotations

from html.parser import HTMLParser

from apted import APTED, Config
from rapidfuzz.distance import Levenshtein


class Node:
    """A table, a row or a cell.

    Attributes:
        name: ``table``, ``tr`` or ``td``.
        spans: Rows and columns of a cell.
        text: Of a cell, letters of any case, white aside.
    """

    def __init__(self, name: str, spans: tuple[int, int] = (1, 1)) -> None:
        self.name, self.spans, self.text = name, spans, ""
        self.children: list[Node] = []

    def size(self) -> int:
        """Nodes below this one."""
        return sum(1 + child.size() for child in self.children)


class _TableParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.table = Node("table")
        self._cell: Node | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.table.children.append(Node("tr"))
        elif tag in ("td", "th"):
            if not self.table.children:
                self.table.children.append(Node("tr"))
            found = dict(attrs)
            self._cell = Node("td", (_number(found.get("rowspan")), _number(found.get("colspan"))))
            self.table.children[-1].children.append(self._cell)
        elif tag == "br" and self._cell:
            self._cell.text += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell:
            self._cell.text += data


class _Costs(Config):  # type: ignore[misc]
    def __init__(self, structure_only: bool) -> None:
        self._structure_only = structure_only

    def rename(self, one: Node, other: Node) -> float:
        """1 for nodes that differ in kind or spans, else the distance of their texts, 0 to 1."""
        if one.name != other.name or one.spans != other.spans:
            return 1.0
        if self._structure_only or one.name != "td":
            return 0.0
        return float(Levenshtein.normalized_distance(one.text, other.text))

    def children(self, node: Node) -> list[Node]:
        """A node's children."""
        return node.children


def table_tree(html: str) -> Node:
    """The first table of an HTML text, as rows of cells."""
    parser = _TableParser()
    parser.feed(html)
    parser.close()
    for row in parser.table.children:
        for cell in row.children:
            cell.text = " ".join(cell.text.split())
    return parser.table


def teds(truth: str, prediction: str, structure_only: bool = False) -> float:
    """The likeness of two tables in HTML, 0 to 1; 0 where the prediction has no cell.

    Args:
        truth: A table.
        prediction: Likewise, or an empty text.
        structure_only: Leave the cells' texts out.
    """
    one, other = table_tree(truth), table_tree(prediction)
    most = max(one.size(), other.size())
    if not most or not other.size():
        return 0.0
    distance = APTED(one, other, _Costs(structure_only)).compute_edit_distance()
    return max(0.0, 1.0 - float(distance) / most)


def _number(value: str | None) -> int:
    return int(value) if value and value.isdigit() else 1
