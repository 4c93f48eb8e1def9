"""Page templates for measuring only: other compositions than those that are learned from."""

from __future__ import annotations

from training.pages.parts import Parts, box, leaf
from training.pages.templates import Template


def sheet_of(parts: Parts, inner: str, tall: float) -> str:
    """A page of a given shape."""
    return f'<div class="page" style="min-height:{parts.style.width * tall:.0f}px">{inner}</div>'


def two_column_paper(parts: Parts) -> str:
    """A conference paper whose table or figure spans both columns."""
    rng, prose = parts.rng, parts.prose
    top = parts.title(1.9, "center") + leaf(
        "text", f"{prose.name()}, {prose.name()} and {prose.name()}", "div", "text-align:center"
    )
    top += leaf("text", prose.phrase(3, 7), "div", "text-align:center;font-style:italic;margin-bottom:1em")
    first = (
        leaf("heading", "Abstract", "h3", "font-size:1em", 1)
        + parts.paragraph(4, 7)
        + parts.heading()
        + parts.paragraph()
        + parts.paragraph()
    )
    second = (
        parts.heading()
        + parts.paragraph()
        + parts.formula()
        + parts.paragraph()
        + parts.heading(2)
        + parts.paragraph()
        + parts.listing(3, 4, 1)
        + parts.paragraph()
    )
    wide = parts.table(5, 6) + parts.caption() if rng.happens(0.5) else parts.chart() + parts.caption()
    last = (
        parts.paragraph()
        + parts.heading()
        + parts.paragraph(3, 6)
        + parts.paragraph()
        + parts.table(4, 3)
        + parts.caption()
        + parts.paragraph(3, 6)
    )
    body = (
        box(first + second, "column-count:2", "cols") + box(wide, "margin:1em 0") + box(last, "column-count:2", "cols")
    )
    return sheet_of(
        parts,
        top
        + body
        + "<div class='grow'></div>"
        + leaf("page_number", str(rng.randint(1, 20)), "div", "text-align:center;padding-top:1em"),
        1.3,
    )


def broadsheet(parts: Parts) -> str:
    """A newspaper of four or five columns: a lead story, a column of briefs, two stories below."""
    rng, prose, count = parts.rng, parts.prose, parts.rng.choice((4, 5))
    size = parts.style.width / count / rng.uniform(12, 16)

    def story(span: int, paragraphs: int, scale: float) -> str:
        head = leaf("heading", prose.title(3, 8), "h2", f"font-size:{size * scale:.0f}px;margin-bottom:.25em", 1)
        text = "".join(parts.paragraph(1, 4) for _ in range(paragraphs))
        return box(head + box(text, f"column-count:{span}", "cols"), f"grid-column:span {span}")

    mast = parts.title(3.6, "center") + box(
        leaf("header", prose.date()) + leaf("header", f"No. {rng.randint(100, 9999)}") + leaf("header", prose.amount()),
        "display:flex;justify-content:space-between;border-top:2px solid #000;border-bottom:1px solid #000;margin-bottom:10px",
    )
    briefs = box(
        leaf("heading", prose.title(1, 3), "h3", f"font-size:{size * 1.3:.0f}px", 2)
        + "".join(parts.paragraph(1, 2) for _ in range(5))
    )
    grid = f"display:grid;grid-template-columns:repeat({count},1fr);column-gap:{rng.uniform(1, 1.8):.2f}em;align-items:start;margin-bottom:12px"
    lead = box(story(count - 1, 3 * (count - 1), 2.6) + briefs, grid)
    low = box(story(2, 5, 1.7) + story(count - 2, 7, 1.8), grid + ";border-top:1px solid #000;padding-top:6px")
    return sheet_of(parts, box(mast + lead + low, f"font-size:{size:.1f}px;line-height:1.18"), 1.4)


def feature(parts: Parts) -> str:
    """A magazine's page: picture on top, title over three columns, a coloured box under them."""
    rng, prose = parts.rng, parts.prose
    top = (
        parts.picture(150, 260)
        + parts.title(2.8, "left")
        + leaf("text", prose.paragraph(1, 2), "div", f"font-size:{parts.style.size * 1.25:.0f}px;margin-bottom:1em")
    )
    quote = leaf(
        "text",
        prose.sentence(),
        "div",
        f"font-size:{parts.style.size * 1.6:.0f}px;line-height:1.2;border-top:2px solid;border-bottom:2px solid;margin:.5em 0",
        cls="keep",
    )
    text = [parts.paragraph(2, 5) for _ in range(9)]
    text.insert(rng.randint(2, 7), quote)
    tips = box(
        parts.heading(2) + box(parts.listing(4, 6, 1), "column-count:2", "cols"), "padding:12px;margin-top:1em", "shade"
    )
    return sheet_of(parts, top + box("".join(text), "column-count:3", "cols") + tips, 1.3)


def facing(parts: Parts) -> str:
    """An open book: a short page left, a longer one right."""
    rng = parts.rng
    pages = []
    for number in (rng.randint(4, 90) * 2, 0):
        inner = "".join(parts.paragraph(1, 4) for _ in range(rng.randint(1, 5)))
        foot = leaf("page_number", str(number or rng.randint(9, 181)), "div", "text-align:center")
        pages.append(
            box(
                inner + '<div class="grow"></div>' + foot,
                f"padding:0 40px;display:flex;flex-direction:column;min-height:{parts.style.width * 0.6:.0f}px",
            )
        )
    return sheet_of(parts, box("".join(pages), cls="flex"), 0.65)


def questionnaire(parts: Parts) -> str:
    """A form of ruled boxes with small labels above the values, two or three to a row."""
    rng, prose = parts.rng, parts.prose
    across, rows = rng.choice((2, 3)), []
    for _ in range(rng.randint(5, 9)):
        cells = "".join(
            f'<td style="border:1px solid #222;padding:4px 8px;width:{100 / across:.0f}%"><span style="font-size:.75em">{prose.phrase(1, 3).capitalize()}:</span> {prose.value()}</td>'
            for _ in range(across)
        )
        rows.append(f"<tr>{cells}</tr>")
    part = leaf("form", "".join(rows), "table", "width:100%;margin:.5em 0")
    return sheet_of(
        parts,
        parts.title(1.6, "center")
        + parts.paragraph(1, 2)
        + parts.heading()
        + part
        + parts.heading()
        + parts.pairs(3, 6, 2)
        + parts.paragraph(1, 2),
        1.2,
    )


def din_letter(parts: Parts) -> str:
    """A letter with facts on the right and a foot of three or four columns."""
    rng, prose = parts.rng, parts.prose
    facts = leaf(
        "form",
        "<br>".join(f"{prose.phrase(1, 1).capitalize()}: {prose.value()}" for _ in range(4)),
        "div",
        "font-size:.85em;position:absolute;right:0;top:0",
        cls="nw",
    )
    top = box(parts.address(3, 4) + facts, "position:relative;margin:3em 0 4em")
    lines = "".join(leaf("text", prose.sentence(), "div", "margin-bottom:.8em") for _ in range(3))
    foot = "".join(
        box(
            leaf(
                "footer",
                "<br>".join(prose.name() if n else prose.phrase(1, 2) for n in range(3)),
                "div",
                "font-size:.75em",
                cls="nw",
            )
        )
        for _ in range(rng.choice((3, 4)))
    )
    return sheet_of(
        parts,
        top
        + leaf("heading", f"{prose.phrase(1, 2)} {prose.code()}", "div", "margin-bottom:1em;font-weight:bold", 1)
        + lines
        + '<div class="grow"></div>'
        + box(foot, cls="flex"),
        1.3,
    )


def few_lines(parts: Parts) -> str:
    """Two or three blocks of two to six lines side by side, nothing else."""
    rng = parts.rng
    gap = rng.uniform(1.2, 4)
    blocks = "".join(leaf("text", parts.prose.paragraph(1, 2), "p") for _ in range(rng.choice((2, 2, 3))))
    return sheet_of(
        parts, box(blocks, f"display:grid;grid-auto-flow:column;grid-auto-columns:1fr;column-gap:{gap:.1f}em"), 0.2
    )


def talk(parts: Parts) -> str:
    """A slide: a bar with the title, two lists, a foot."""
    prose = parts.prose
    lists = "".join(
        box(leaf("heading", prose.title(1, 4), "h2", "font-size:1.2em", 1) + parts.listing(3, 5, 1)) for _ in range(2)
    )
    return sheet_of(
        parts,
        box(parts.title(1.9, "left"), "padding:14px", "dark")
        + box(lists, "margin-top:1em;font-size:1.2em", "flex")
        + '<div class="grow"></div>'
        + box(
            leaf("footer", prose.phrase(2, 4)) + leaf("page_number", "7"),
            "display:flex;justify-content:space-between;font-size:.8em",
        ),
        0.6,
    )


def till_receipt(parts: Parts) -> str:
    """A receipt of quantity, name and amount."""
    rng, prose = parts.rng, parts.prose
    head = leaf("text", "<br>".join(prose.name() for _ in range(3)), "div", "text-align:center;margin-bottom:1em")
    rows = "".join(
        f'<tr><td style="width:2em">{rng.randint(1, 9)}</td><td>{prose.phrase(1, 3)}</td><td style="text-align:right">{rng.uniform(1, 99):.2f}</td></tr>'
        for _ in range(rng.randint(3, 12))
    )
    sums = "".join(
        f'<tr><td>{prose.phrase(1, 2)}</td><td style="text-align:right">{rng.uniform(1, 500):.2f}</td></tr>'
        for _ in range(3)
    )
    inner = (
        head
        + leaf("table", rows, "table", "width:100%")
        + leaf("form", sums, "table", "width:100%;border-top:1px dashed #000;margin-top:.4em")
        + leaf("text", prose.phrase(3, 5), "div", "text-align:center;margin-top:1em")
    )
    return sheet_of(parts, box(inner, f"width:{rng.randint(360, 560)}px"), 0.3)


def test_paper(parts: Parts) -> str:
    """An exam of two columns with a head across them."""
    prose, rng = parts.prose, parts.rng
    asked = []
    for number in range(1, rng.randint(7, 11)):
        choices = "".join(leaf("list_item", f"{letter}) {prose.phrase(1, 3)}", "div", "width:50%") for letter in "ABCD")
        asked.append(
            leaf("list_item", f"{number}. {prose.paragraph(1, 2)}", "div", "margin-top:.7em", cls="keep")
            + box(choices, "display:flex;flex-wrap:wrap", "keep")
        )
    return sheet_of(
        parts,
        parts.title(1.5, "center")
        + box("".join(asked), "column-count:2", "cols")
        + '<div class="grow"></div>'
        + leaf("page_number", f"{rng.randint(1, 8)}", "div", "text-align:center"),
        1.3,
    )


TEMPLATES: dict[Template, int] = {
    two_column_paper: 8,
    broadsheet: 10,
    feature: 7,
    facing: 5,
    questionnaire: 6,
    din_letter: 5,
    few_lines: 5,
    talk: 5,
    till_receipt: 4,
    test_paper: 5,
}
