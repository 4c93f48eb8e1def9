"""Tables as HTML: headers of several rows, cells that span, cells of several lines, empty ones, sections and totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from training.random_source import RandomSource
from training.tables.styles import table_css
from training.tables.words import Words

MOST_COLUMNS, MOST_ROWS = 9, 16


@dataclass
class Cell:
    """A cell as it is written: what it holds and what it covers."""

    text: str
    rows: int = 1
    columns: int = 1
    head: bool = False
    css: str = ""
    group: bool = False

    def html(self) -> str:
        """The cell as an element."""
        tag = "th" if self.head else "td"
        spans = (f' rowspan="{self.rows}"' if self.rows > 1 else "") + (
            f' colspan="{self.columns}"' if self.columns > 1 else ""
        )
        group = ' class="group"' if self.group else ""
        return f'<{tag}{spans}{group} style="{self.css}">{self.text}</{tag}>'


@dataclass
class TableWriter:
    """Writes one table.

    Args:
        rng: Draws.
        words: Of its language.
        name: Its id on the page.
        measuring: Which half of the styles it is of.
    """

    rng: RandomSource
    words: Words
    name: str
    measuring: bool
    rows: list[str] = field(default_factory=list)

    def write(self) -> tuple[str, str]:
        """Its CSS and its HTML."""
        rng, words = self.rng, self.words
        self.columns = rng.by_share({2: 10, 3: 16, 4: 20, 5: 18, 6: 14, 7: 10, 8: 7, MOST_COLUMNS: 5})
        self.labels = rng.happens(0.75)
        self.makers = [words.maker() for _ in range(self.columns)]
        kind = rng.by_share({"own": 50, "same": 27, "texts": 14, "pairs": 9})
        if kind == "same":
            self.makers = [words.maker()] * self.columns
        elif kind == "texts":
            self.columns = rng.choice((2, 3, 3, 4))
            self.makers = [rng.choice(("text", "text", "word")) for _ in range(self.columns)]
        elif kind == "pairs":
            self.columns, self.labels, self.makers = 2, True, ["word", rng.choice(("text", "word", "any", "any"))]
        if self.labels:
            self.makers[0] = rng.choice(("word", "word", "text", "code", "date"))
        self.aligns = [self._align(maker) for maker in self.makers]
        narrow = kind != "texts" or rng.happens(0.6)
        self.wrap = [round(rng.uniform(6, 18)) if maker == "text" and narrow else None for maker in self.makers]
        self.whole = rng.happens(0.75)
        header = 0 if kind == "pairs" and rng.happens(0.6) else self._header()
        self._body(rng.randint(2, MOST_ROWS))
        css = table_css(rng, self.name, self.measuring, header)
        return css, f'<table id="{self.name}" data-block="table">{"".join(self.rows)}</table>'

    def _align(self, maker: str) -> str:
        if maker in {"word", "text", "code", "mark"}:
            return self.rng.choice(("left", "left", "left", "center"))
        return self.rng.choice(("right", "right", "center", "center", "left"))

    def _row(self, cells: list[Cell], head: bool = False) -> None:
        self.rows.append(f"<tr{' class=head' if head else ''}>{''.join(cell.html() for cell in cells)}</tr>")

    def _header(self) -> int:
        rng, words = self.rng, self.words
        count = rng.by_share({0: 6, 1: 60, 2: 28, 3: 6})
        if count == 0:
            return 0
        upright = rng.happens(0.04) and self.columns > 3
        follow = rng.happens(0.5)
        first = 1 if self.labels else 0

        def css(column: int) -> str:
            text = f"text-align:{self.aligns[column]};" if follow else ""
            if upright and column >= first:
                text += "writing-mode:vertical-rl;transform:rotate(180deg);"
            return text

        def name() -> str:
            long = rng.happens(0.2)
            return escape(words.phrase(3, 6) if long else words.name())

        rows: list[list[Cell]] = [[] for _ in range(count)]
        spanned = rng.happens(0.85)
        for column in range(first):
            if rng.happens(0.3):
                rows[0].append(Cell("", rows=count, head=True, css=css(column)))
            elif spanned or count == 1:
                rows[0].append(Cell(name(), rows=count, head=True, css=css(column)))
            else:
                for level in range(count):
                    rows[level].append(Cell(name() if level == count - 1 else "", head=True, css=css(column)))
        self._split(rows, first, self.columns, 0, name, css)
        for cells in rows:
            self._row(cells, head=True)
        return count

    def _split(self, rows, start, end, level, name, css) -> None:  # noqa: ANN001
        """Header cells over columns ``start`` to ``end``, from ``level`` down."""
        last = len(rows) - 1
        column = start
        while column < end:
            if level == last:
                rows[level].append(Cell(name(), head=True, css=css(column)))
                column += 1
                continue
            span = min(end - column, self.rng.choice((1, 2, 2, 3, 3, 4)))
            if span == 1:
                rows[level].append(Cell(name(), rows=last - level + 1, head=True, css=css(column)))
            else:
                rows[level].append(Cell(name(), columns=span, head=True, group=True, css="text-align:center"))
                self._split(rows, column, column + span, level + 1, name, css)
            column += span

    def _body(self, count: int) -> None:
        rng, words = self.rng, self.words
        sections = rng.happens(0.12)
        groups = self.labels and self.columns > 2 and rng.happens(0.14)
        indent = self.labels and rng.happens(0.15)
        row_heads = self.labels and rng.happens(0.25)
        bold_last = rng.happens(0.15)
        empty = rng.choice((0.0, 0.0, 0.03, 0.1, 0.25))
        row = 0
        left_in_group = 0
        while row < count:
            if sections and (row == 0 or rng.happens(0.15)) and row < count - 1:
                side = rng.choice(("left", "left", "center"))
                self._row([Cell(escape(words.phrase(1, 4)), columns=self.columns, css=f"text-align:{side}")])
                row += 1
            cells = []
            bold = "font-weight:bold;" if bold_last and row == count - 1 else ""
            for column in range(self.columns):
                css = f"text-align:{self.aligns[column]};{bold}"
                if column == 0 and groups:
                    if left_in_group > 0:
                        left_in_group -= 1
                        continue
                    span = min(count - row, rng.randint(1, 4))
                    left_in_group = span - 1
                    cells.append(Cell(self._label(), rows=span, css=css, head=row_heads))
                    continue
                if column == 0 and self.labels:
                    if indent and rng.happens(0.6):
                        css += f"padding-left:{rng.randint(18, 34)}px;"
                    if self.whole and self.makers[0] != "text" and rng.happens(0.7):
                        css += "white-space:nowrap;"
                    cells.append(Cell(self._label(), css=css, head=row_heads))
                    continue
                if self.whole and self.makers[column] != "text":
                    css += "white-space:nowrap;"
                cells.append(Cell(self._value(column, empty), css=css))
            if rng.happens(0.03) and self.columns > 3 and not bold:
                self._merge(cells)
            self._row(cells)
            row += 1

    def _merge(self, cells: list[Cell]) -> None:
        """Two cells side by side become one."""
        at = self.rng.randrange(1, len(cells) - 1) if len(cells) > 2 else 0
        if at and cells[at].rows == 1:
            cells[at].columns += cells.pop(at + 1).columns
            cells[at].text = escape(self.words.phrase(1, 3))
            cells[at].css = "text-align:center"

    def _label(self) -> str:
        text = self.words.value(self.makers[0]) or self.words.phrase(1, 2)
        return self._wrapped(escape(text), 0)

    def _value(self, column: int, empty: float) -> str:
        if self.rng.happens(empty):
            return ""
        text = escape(self.words.value(self.makers[column]))
        if self.rng.happens(0.02):
            text += f"<br>{escape(self.words.value(self.makers[column]))}"
        return self._wrapped(text, column)

    def _wrapped(self, text: str, column: int) -> str:
        width = self.wrap[column]
        return f'<div style="width:{width}em">{text}</div>' if width and text else text
