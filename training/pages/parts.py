"""What pages are made of, as HTML: every element that holds text says its role in ``data-r``, headings their level."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from training.pages.prose import Prose
from training.pages.style import Style
from training.random_source import RandomSource

GREEK = "αβγδεθλμπρστφψω∑∫√∂∞≤≥≈∈±×→"
BULLETS = "•–▪◦‣*-"


def leaf(role: str, inner: str, tag: str = "div", style: str = "", level: int = 0, cls: str = "") -> str:
    """An element that is one block."""
    return f'<{tag} data-r="{role}" data-l="{level}" style="{style}" class="{cls}">{inner}</{tag}>'


def box(inner: str, style: str = "", cls: str = "") -> str:
    """An element that only places others."""
    return f'<div style="{style}" class="{cls}">{inner}</div>'


class Parts:
    """Parts of one page.

    Args:
        rng: Of the page.
        prose: Its language.
        style: Its setting.
    """

    def __init__(self, rng: RandomSource, prose: Prose, style: Style) -> None:
        self.rng, self.prose, self.style = rng, prose, style
        self.numbered = rng.happens(0.45)
        self.number = [rng.randint(0, 4), 0, 0]
        self.head_scale = [rng.uniform(1.25, 1.8), rng.uniform(1.05, 1.3), rng.uniform(0.98, 1.1)]
        self.head_weight = "normal" if rng.happens(0.15) else "bold"
        self.head_align = rng.choice(("left", "left", "left", "center"))
        self.ruled = rng.happens(0.5)

    def paragraph(self, low: int = 2, high: int = 6) -> str:
        """Running text."""
        text = self.prose.paragraph(low, high)
        if self.rng.happens(0.06):
            text = f"<b>{self.prose.phrase(1, 4)}.</b> {text}"
        return leaf("text", text, "p")

    def title(self, scale: float | None = None, align: str | None = None) -> str:
        """The document's title."""
        size = self.style.size * (scale or self.rng.uniform(1.5, 2.6))
        align = align or self.rng.choice(("left", "center", "center"))
        return leaf(
            "title",
            self.prose.title(3, 12),
            "h1",
            f"font-size:{size:.1f}px;text-align:{align};margin-bottom:{self.rng.uniform(0.4, 1.5):.2f}em",
            1,
        )

    def heading(self, level: int = 1) -> str:
        """A section's heading."""
        text = self.prose.title(1, 7)
        if self.numbered:
            self.number[level - 1] += 1
            self.number[level:] = [0] * (3 - level)
            number = ".".join(str(max(part, 1)) for part in self.number[:level])
            text = f"{number}{self.rng.choice(('', '.'))} {text}"
        size = self.style.size * self.head_scale[level - 1]
        above = self.rng.uniform(0.4, 1.3)
        return leaf(
            "heading",
            text,
            f"h{level + 1}",
            f"font-size:{size:.1f}px;font-weight:{self.head_weight};text-align:{self.head_align};margin:{above:.2f}em 0 {self.rng.uniform(0.2, 0.8):.2f}em",
            level,
        )

    def listing(self, low: int = 2, high: int = 6, longest: int = 2) -> str:
        """A list; every item is a block."""
        rng, items = self.rng, []
        kind = rng.choice(("bullet", "bullet", "1.", "(a)", "1)", "[1]"))
        bullet, pad = rng.choice(BULLETS), rng.uniform(0.8, 2.5)
        gap = rng.uniform(0, 0.5)
        for index in range(rng.randint(low, high)):
            mark = {
                "bullet": bullet,
                "1.": f"{index + 1}.",
                "(a)": f"({'abcdefghij'[index % 10]})",
                "1)": f"{index + 1})",
                "[1]": f"[{index + 1}]",
            }[kind]
            text = self.prose.paragraph(1, longest) if rng.happens(0.6) else self.prose.phrase(2, 9)
            items.append(
                leaf(
                    "list_item",
                    f'<span style="display:inline-block;width:{pad:.2f}em;margin-left:-{pad:.2f}em;text-indent:0">{mark}</span>{text}',
                    "div",
                    f"padding-left:{pad + rng.choice((0, 0, 1)):.2f}em;margin-bottom:{gap:.2f}em",
                )
            )
        return box("".join(items), "margin:.4em 0")

    def caption(self) -> str:
        """Below or above a figure or table."""
        kind = (
            self.rng.choice(("Figure", "Fig.", "Table", "Photo", "Abb."))
            if not self.prose.chinese
            else self.rng.choice(("图", "表"))
        )
        text = self.prose.paragraph(1, 2) if self.rng.happens(0.6) else self.prose.phrase(3, 9)
        if self.rng.happens(0.75):
            text = f"{kind} {self.rng.randint(1, 9)}{self.rng.choice(':. ')} {text}"
        style = self.rng.choice(("", "font-style:italic;", "color:#444;", "font-weight:bold;"))
        return leaf(
            "caption",
            text,
            "div",
            f"{style}font-size:{self.style.size * self.rng.uniform(0.75, 1):.1f}px;text-align:{self.rng.choice(('left', 'center'))};margin:.4em 0 1em",
            cls="keep",
        )

    def picture(self, low: float = 90, high: float = 300) -> str:
        """A photo's place: a gradient with blots."""
        rng = self.rng
        blots = "".join(
            f'<circle cx="{rng.randint(0, 100)}%" cy="{rng.randint(0, 100)}%" r="{rng.randint(4, 40)}%" fill="hsl({rng.randint(0, 360)},{rng.randint(0, 60)}%,{rng.randint(15, 85)}%)"/>'
            for _ in range(rng.randint(3, 9))
        )
        return f'<svg class="keep" data-f="1" style="display:block;background:hsl({rng.randint(0, 360)},30%,{rng.randint(20, 85)}%)" width="100%" height="{rng.uniform(low, high):.0f}">{blots}</svg>'

    def chart(self) -> str:
        """A bar chart; its words are the figure's."""
        rng, bars = self.rng, self.rng.randint(3, 7)
        height, size = rng.randint(120, 260), self.style.size * rng.uniform(0.7, 0.95)
        ticks = "".join(
            f'<text x="9%" y="{10 + 75 * t / 4:.0f}%" text-anchor="end">{(4 - t) * 100}</text>' for t in range(5)
        )
        columns = "".join(
            f'<rect x="{14 + 80 * b / bars:.0f}%" y="{85 - (h := rng.randint(8, 70))}%" width="{50 / bars:.0f}%" height="{h}%" fill="{rng.choice(("#4472c4", "#888", "#c55a11"))}"/><text x="{14 + 80 * b / bars:.0f}%" y="94%">{2015 + b if rng.happens(0.6) else self.prose.word()[:7]}</text>'
            for b in range(bars)
        )
        label = (
            f'<div style="position:absolute;left:0;top:20%;writing-mode:vertical-rl;transform:rotate(180deg);font-size:{size:.0f}px" class="nw">{self.prose.phrase(1, 3)}</div>'
            if rng.happens(0.5)
            else ""
        )
        return leaf(
            "figure",
            f'{label}<svg data-f="1" width="100%" height="{height}" style="font-size:{size:.1f}px">{ticks}{columns}</svg>',
            "div",
            "margin:.4em 0",
            cls="pic keep",
        )

    def figure(self, wide: bool = False) -> str:
        """A picture or chart with a caption."""
        body = self.chart() if self.rng.happens(0.35) else self.picture(80, 330 if wide else 220)
        return box(body + self.caption() if self.rng.happens(0.85) else body, cls="keep")

    def table(self, rows: int | None = None, columns: int | None = None) -> str:
        """A table, one block."""
        rng = self.rng
        rows, columns = rows or rng.randint(3, 12), columns or rng.randint(2, 7)
        lines = rng.choice(("all", "rows", "booktabs", "none", "zebra"))
        pad = f"{rng.uniform(1, 6):.0f}px {rng.uniform(3, 14):.0f}px"
        words = [rng.happens(0.25) or c == 0 for c in range(columns)]
        turned = rng.happens(0.08)

        def cell(r: int, c: int) -> str:
            if r == 0:
                return (
                    f'<span style="writing-mode:vertical-rl;transform:rotate(180deg);display:inline-block" class="nw">{self.prose.phrase(1, 2)}</span>'
                    if turned and c
                    else self.prose.phrase(1, 2)
                )
            return self.prose.phrase(1, 4) if words[c] else "" if rng.happens(0.08) else self.prose.number()

        border = {
            "all": "1px solid #333",
            "rows": "0;border-bottom:1px solid #777",
            "booktabs": "0",
            "none": "0",
            "zebra": "0",
        }[lines]
        html = []
        for r in range(rows):
            edge = "border-top:2px solid #000;border-bottom:1px solid #000;" if lines == "booktabs" and r == 0 else ""
            shade = "background:#eee;" if lines == "zebra" and r % 2 else ""
            tag = "th" if r == 0 and rng.happens(0.7) else "td"
            cells = "".join(
                f'<{tag} style="border:{border};{edge}padding:{pad};text-align:{"left" if words[c] else "right"}">{cell(r, c)}</{tag}>'
                for c in range(columns)
            )
            html.append(f'<tr style="{shade}">{cells}</tr>')
        bottom = "border-bottom:2px solid #000;" if lines == "booktabs" else ""
        width = "width:100%;" if rng.happens(0.7) else "margin:0 auto;"
        return leaf(
            "table",
            "".join(html),
            "table",
            f"{width}{bottom}font-size:{self.style.size * rng.uniform(0.75, 1):.1f}px;margin-top:.5em;margin-bottom:.8em",
            cls="keep",
        )

    def captioned_table(self) -> str:
        """A table under its caption, mostly."""
        return box(
            self.caption() + self.table() if self.rng.happens(0.7) else self.table() + self.caption(), cls="keep"
        )

    def formula(self) -> str:
        """A displayed formula."""
        rng = self.rng
        terms = "".join(
            f"{rng.choice(GREEK)}<sub>{rng.choice('ijkn012')}</sub> {rng.choice('+−=·/')} {rng.choice('xyzabfgh')}({rng.choice('xyzt')}) {rng.choice('=+−≤')} "
            for _ in range(rng.randint(1, 4))
        )
        number = f'<span style="position:absolute;right:0">({rng.randint(1, 30)})</span>' if rng.happens(0.6) else ""
        return leaf(
            "formula",
            f"<i>{terms}{rng.randint(0, 9)}</i>{number}",
            "div",
            "position:relative;text-align:center;margin:.7em 0",
            cls="keep nw",
        )

    def code(self) -> str:
        """Lines of a program."""
        rng, lines, depth = self.rng, [], 0
        for _ in range(rng.randint(3, 12)):
            name, other = (
                self.prose.word() if not self.prose.chinese else "abcdefg"[rng.randint(0, 6)] for _ in range(2)
            )
            line = rng.choice(
                (
                    f"{name} = {other}({rng.randint(0, 99)})",
                    f"if {name} == {other}:",
                    f"for i in range({name}):",
                    f"return {name}[{other}]",
                    f"{name}.{other}();",
                    f"// {name} {other}",
                    f"def {name}({other}):",
                )
            )
            lines.append("    " * depth + line)
            depth = max(0, min(3, depth + (1 if line.endswith(":") else rng.choice((-1, 0, 0)))))
        return leaf(
            "code",
            "\n".join(lines),
            "pre",
            f"font-size:{self.style.size * 0.85:.1f}px;margin:.6em 0;padding:{rng.randint(0, 10)}px;text-align:left",
            cls=rng.choice(("keep", "keep shade")),
        )

    def footnotes(self) -> str:
        """Notes under a rule."""
        size = self.style.size * self.rng.uniform(0.7, 0.85)
        rule = "border-top:1px solid #000;width:40%;margin-bottom:4px" if self.rng.happens(0.6) else "height:6px"
        notes = "".join(
            leaf("footnote", f"<sup>{n + 1}</sup> {self.prose.paragraph(1, 2)}", "div", f"font-size:{size:.1f}px")
            for n in range(self.rng.randint(1, 3))
        )
        return box(box("", rule) + notes, "margin-top:1em", "keep")

    def header(self) -> str:
        """The running header."""
        rng, number = self.rng, str(self.rng.randint(1, 480))
        left, middle, right = rng.choice(
            (
                (self.prose.phrase(1, 5), "", number),
                (number, "", self.prose.phrase(2, 6)),
                ("", self.prose.title(2, 6), ""),
                (self.prose.phrase(1, 3), "", self.prose.phrase(1, 4)),
                (self.prose.name(), self.prose.date(), number),
            )
        )
        parts = "".join(
            leaf("page_number" if part == number else "header", part) for part in (left, middle, right) if part
        )
        rule = "border-bottom:1px solid #444;" if rng.happens(0.4) else ""
        where = "center" if middle and not left else "space-between"
        return box(
            parts,
            f"display:flex;justify-content:{where};{rule}font-size:{self.style.size * rng.uniform(0.7, 0.95):.1f}px;margin-bottom:{rng.uniform(0.8, 2.5):.1f}em",
        )

    def footer(self) -> str:
        """The running footer."""
        rng = self.rng
        number = rng.choice(("{}", "{}", "- {} -", "Page {}", "{} / 60")).format(rng.randint(1, 480))
        parts = leaf("page_number", number)
        if rng.happens(0.4):
            other = leaf("footer", self.prose.phrase(2, 7))
            parts = other + parts if rng.happens(0.5) else parts + other
        where = rng.choice(("center", "space-between")) if "footer" not in parts else "space-between"
        return box(
            parts,
            f"display:flex;justify-content:{where};font-size:{self.style.size * rng.uniform(0.7, 0.95):.1f}px;padding-top:{rng.uniform(0.8, 2.5):.1f}em",
        )

    def address(self, low: int = 3, high: int = 6, role: str = "text", size: float = 1.0) -> str:
        """Short lines that stand under each other: one block."""
        lines = [
            self.prose.name() if self.rng.happens(0.6) else f"{self.prose.name()} {self.rng.randint(1, 99999)}"
            for _ in range(self.rng.randint(low, high))
        ]
        return leaf(role, "<br>".join(lines), "div", f"font-size:{self.style.size * size:.1f}px", cls="nw")

    def pairs(self, low: int = 3, high: int = 8, columns: int = 1, wide: bool = True) -> str:
        """Labels and values, read row by row: one block of a form."""
        rng = self.rng
        lined = rng.choice(("none", "under", "all", "none"))
        border = {"none": "0", "under": "0;border-bottom:1px solid #666", "all": "1px solid #444"}[lined]
        colon, weight = rng.choice((":", "", ":")), rng.choice(("normal", "bold"))
        pad = rng.uniform(1, 8)
        html = []
        for _ in range(rng.randint(low, high)):
            cells = []
            for _ in range(columns):
                value = "" if rng.happens(0.12) else self.prose.value()
                cells.append(
                    f'<td style="font-weight:{weight};padding:{pad:.0f}px 8px {pad:.0f}px 2px;border:{border}">{self.prose.phrase(1, 3).capitalize()}{colon}</td><td style="padding:{pad:.0f}px 14px {pad:.0f}px 4px;border:{border}">{value}</td>'
                )
            html.append(f"<tr>{''.join(cells)}</tr>")
        return leaf(
            "form",
            "".join(html),
            "table",
            f"{'width:100%;' if wide else ''}margin-bottom:.6em",
            cls="nw" if columns == 1 else "",
        )

    def flow(self, blocks: int, choices: Sequence[tuple[Callable[[], str], int]] | None = None) -> str:
        """Blocks of a running document."""
        shares = dict(choices or self.usual())
        return "".join(self.rng.by_share(shares)() for _ in range(blocks))

    def usual(self) -> list[tuple[Callable[[], str], int]]:
        """What stands in a column of a document, by share."""
        return [
            (self.paragraph, 60),
            (self.heading, 9),
            (lambda: self.heading(2), 6),
            (lambda: self.heading(3), 2),
            (self.listing, 6),
            (self.figure, 5),
            (self.captioned_table, 4),
            (self.formula, 5),
            (self.code, 1),
        ]
