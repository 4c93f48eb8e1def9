"""Page templates that are learned from: forms, receipts, invoices, letters, exams, tables, charts."""

from __future__ import annotations

from training.pages.parts import Parts, box, leaf
from training.pages.templates import Template, columns, framed, page


def form(parts: Parts) -> str:
    """Sections of labels and values."""
    rng, sections = parts.rng, []
    for _ in range(rng.randint(2, 6)):
        head = parts.heading(1) if rng.happens(0.7) else ""
        if head and rng.happens(0.3):
            head = box(head, "padding:2px 6px", rng.choice(("shade", "dark")))
        kind = rng.random()
        if kind < 0.6:
            sections.append(head + parts.pairs(2, 8, rng.choice((1, 1, 2, 2, 3))))
        elif kind < 0.75:
            sections.append(head + parts.paragraph(1, 3))
        elif kind < 0.88:
            marks = "".join(
                leaf(
                    "checkbox",
                    f'<span style="display:inline-block;width:.8em;height:.8em;border:1px solid #000;margin-right:.5em"></span>{parts.prose.phrase(1, 4)}',
                    "div",
                    "margin-right:2em",
                )
                for _ in range(rng.randint(2, 6))
            )
            sections.append(head + box(marks, "display:flex;flex-wrap:wrap;margin-bottom:.6em"))
        else:
            sections.append(head + parts.table(rng.randint(3, 6)))
    top = parts.title() if rng.happens(0.8) else ""
    return framed(parts, top + "".join(sections))


def row(parts: Parts, *cells: str) -> str:
    """Cells of a receipt's row, the last one on the right."""
    style = "text-align:right" if len(cells) > 1 else ""
    inner = "".join(
        f'<td style="{style if n == len(cells) - 1 and n else ""};padding-right:{6 if n < len(cells) - 1 else 0}px">{cell}</td>'
        for n, cell in enumerate(cells)
    )
    return f"<tr>{inner}</tr>"


def receipt(parts: Parts) -> str:
    """Narrow: a shop's head, items with amounts, totals, a foot."""
    rng, prose = parts.rng, parts.prose
    width = rng.randint(330, 600)
    head = leaf("text", "<br>".join(prose.name().upper() for _ in range(rng.randint(2, 5))), "div", "text-align:center")
    facts = leaf(
        "form",
        "".join(
            row(parts, prose.phrase(1, 2).capitalize() + rng.choice((":", " :", "")), prose.value())
            for _ in range(rng.randint(1, 5))
        ),
        "table",
        f"margin:{rng.uniform(0.3, 1.2):.1f}em 0;{'width:100%' if rng.happens(0.5) else ''}",
    )
    items = []
    quantity = rng.happens(0.5)
    for _ in range(rng.randint(2, 16)):
        cells = [prose.phrase(1, 3).upper(), f"{rng.uniform(1, 200):.2f}"]
        if quantity and rng.happens(0.6):
            cells.insert(1, f"{rng.randint(1, 9)} x {rng.uniform(1, 90):.2f}")
        items.append(
            "".join(row(parts, cell) for cell in cells[:1]) + row(parts, "", *cells[1:])
            if rng.happens(0.15)
            else row(parts, *cells)
        )
    table = leaf(
        "table",
        "".join(items),
        "table",
        f"width:100%;margin:{rng.uniform(0.2, 0.9):.1f}em 0;{'border-top:1px dashed #000;border-bottom:1px dashed #000' if rng.happens(0.5) else ''}",
    )
    totals = leaf(
        "form",
        "".join(row(parts, prose.phrase(1, 2).title(), f"{rng.uniform(1, 900):.2f}") for _ in range(rng.randint(2, 6))),
        "table",
        "width:100%",
    )
    foot = leaf(
        "text",
        "<br>".join(prose.phrase(2, 5) for _ in range(rng.randint(1, 4))),
        "div",
        "text-align:center;margin-top:1em",
    )
    family = f"font-family:{parts.style.mono};" if rng.happens(0.5) else ""
    return page(
        parts,
        box(
            head + facts + table + totals + foot,
            f"width:{width}px;{family}line-height:{rng.uniform(1.1, 1.6):.2f};margin:0 {rng.choice(('0', 'auto'))}",
        ),
        0.3,
    )


def letterhead(parts: Parts) -> str:
    """Columns of a firm's facts at the foot of a letter, read one after the other."""
    rng = parts.rng
    facts = "".join(parts.address(2, 5, "footer", 0.75) for _ in range(rng.randint(2, 4)))
    return box(
        facts,
        f"{'border-top:1px solid #888;' if rng.happens(0.5) else ''}padding-top:8px;margin-top:1.5em;line-height:1.3",
        "flex",
    )


def invoice(parts: Parts) -> str:
    """Two addresses, facts, items, totals, a foot in columns."""
    rng = parts.rng
    head = (
        box(parts.address(2, 5, size=0.9) + box(parts.title(1.8, "right")), "margin-bottom:1.5em", "flex")
        if rng.happens(0.5)
        else parts.title(1.8)
    )
    facts = parts.pairs(2, 6, 1, rng.happens(0.5))
    named = [
        box((parts.heading(2) if rng.happens(0.6) else "") + parts.address(3, 5)) for _ in range(rng.choice((1, 2, 2)))
    ]
    meeting = (
        box("".join(named) + box(facts), "margin-bottom:1.2em", "flex")
        if rng.happens(0.6)
        else box("".join(named), "margin-bottom:1em", "flex") + facts
    )
    items = parts.table(rng.randint(2, 12), rng.randint(4, 6))
    totals = box(parts.pairs(2, 5, 1, True), f"margin-left:{rng.choice((0, 45, 55, 60))}%")
    notes = parts.paragraph(1, 2) if rng.happens(0.6) else ""
    foot = letterhead(parts) if rng.happens(0.5) else parts.footer()
    return page(parts, f"{head}{meeting}{items}{totals}{notes}<div class='grow'></div>{foot}")


def letter(parts: Parts) -> str:
    """Address on the left, facts on the right, running text, a foot in columns."""
    rng, prose = parts.rng, parts.prose
    sender = (
        leaf(
            "header",
            f"{prose.name()} · {prose.name()} {rng.randint(1, 99)} · {prose.name()}",
            "div",
            "font-size:.7em;margin-bottom:.6em",
        )
        if rng.happens(0.5)
        else ""
    )
    facts = (
        leaf(
            "form",
            "<br>".join(f"{prose.phrase(1, 2).capitalize()}: {prose.value()}" for _ in range(rng.randint(2, 6))),
            "div",
            f"font-size:{rng.uniform(0.8, 1):.2f}em",
            cls="nw",
        )
        if rng.happens(0.5)
        else parts.pairs(2, 5, 1, False)
    )
    side = box(facts, f"flex:0 0 {rng.randint(22, 36)}%")
    top = (
        box(box(sender + parts.address(3, 6)) + side, f"margin:{rng.uniform(0.5, 3):.1f}em 0", "flex")
        if rng.happens(0.75)
        else sender + parts.address(3, 6) + leaf("text", prose.date(), "div", "text-align:right;margin:1em 0")
    )
    subject = leaf(
        "heading",
        prose.phrase(2, 7),
        "div",
        f"font-weight:{rng.choice(('bold', 'bold', 'normal'))};margin:1.5em 0 1em",
        1,
    )
    body = leaf("text", f"{prose.phrase(2, 4).capitalize()},", "p", "text-indent:0") + "".join(
        parts.paragraph(1, 4) for _ in range(rng.randint(1, 5))
    )
    if rng.happens(0.3):
        body += parts.table(rng.randint(2, 6))
    close = leaf("text", f"{prose.phrase(2, 3).capitalize()}<br><br>{prose.name()}", "div", "margin-top:1em")
    head = box(parts.title(1.6, "right")) if rng.happens(0.4) else ""
    foot = letterhead(parts) if rng.happens(0.7) else ""
    return page(parts, f"{head}{top}{subject}{body}{close}<div class='grow'></div>{foot}", rng.choice((1.0, 1.3, 1.41)))


def exam(parts: Parts) -> str:
    """Questions with choices on a row or under each other, in one or two columns."""
    rng, prose = parts.rng, parts.prose

    def question(number: int) -> str:
        text = f"{number}{rng.choice(('.', '．' if prose.chinese else ')'))} {prose.paragraph(1, 3)}"
        asked = leaf("list_item" if rng.happens(1) else "text", text, "div", "margin-top:.8em", cls="keep")
        across = rng.choice((1, 2, 4))
        choices = "".join(
            leaf(
                "list_item", f"{letter}. {prose.phrase(1, 3 if across > 1 else 8)}", "div", f"width:{100 / across:.0f}%"
            )
            for letter in "ABCD"
        )
        figure = box(parts.picture(50, 120), "width:50%") if rng.happens(0.15) else ""
        blank = box("", f"height:{rng.randint(20, 90)}px") if rng.happens(0.2) else ""
        return (
            asked
            + figure
            + (
                box(choices, "display:flex;flex-wrap:wrap;padding-left:1.2em", "keep")
                if rng.happens(0.7)
                else parts.formula()
                if rng.happens(0.4)
                else ""
            )
            + blank
        )

    questions = "".join(question(n + 1) for n in range(rng.randint(4, 14)))
    top = (
        parts.title()
        + (
            leaf(
                "form",
                f"{prose.phrase(1, 2)}: ________ &nbsp; {prose.phrase(1, 2)}: ________",
                "div",
                "text-align:center;margin-bottom:1em",
            )
            if rng.happens(0.5)
            else ""
        )
        if rng.happens(0.5)
        else ""
    )
    return framed(parts, top + columns(rng.choice((1, 1, 2, 2)), parts.heading() + questions))


def report(parts: Parts) -> str:
    """A firm's report: tables of figures, short texts, charts side by side."""
    rng = parts.rng
    blocks = []
    for _ in range(rng.randint(2, 5)):
        kind = rng.random()
        if kind < 0.35:
            blocks.append(parts.heading() + parts.table(rng.randint(5, 18), rng.randint(3, 6)))
        elif kind < 0.6:
            blocks.append(columns(rng.choice((1, 2, 2)), parts.flow(rng.randint(3, 7))))
        elif kind < 0.75:
            blocks.append(
                box(box(parts.figure()) + box(parts.figure() if rng.happens(0.5) else parts.paragraph()), cls="flex")
            )
        elif kind < 0.9:
            side = box(
                parts.pairs(3, 9, 1) if rng.happens(0.5) else parts.heading(2) + parts.table(6, 3),
                f"flex:0 0 {rng.randint(26, 38)}%;padding:8px",
                rng.choice(("shade", "")),
            )
            blocks.append(box(box(parts.flow(rng.randint(3, 7))) + side, cls="flex"))
        else:
            facts = "".join(
                box(
                    leaf(
                        "text", parts.prose.number(), "div", f"font-size:{parts.style.size * 2:.0f}px;font-weight:bold"
                    )
                    + leaf("text", parts.prose.phrase(2, 5)),
                    "text-align:center",
                )
                for _ in range(rng.randint(3, 5))
            )
            blocks.append(box(facts, "margin:1em 0", "flex"))
    return framed(parts, (parts.title() if rng.happens(0.5) else "") + "".join(blocks))


def sheet(parts: Parts) -> str:
    """A table or chart and nothing else."""
    body = parts.table() if parts.rng.happens(0.6) else parts.chart()
    return page(parts, body + (parts.caption() if parts.rng.happens(0.3) else ""), 0.1)


TEMPLATES: dict[Template, int] = {form: 9, receipt: 7, invoice: 8, letter: 9, exam: 9, report: 12, sheet: 5}
