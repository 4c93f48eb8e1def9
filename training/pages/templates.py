"""Page templates that are learned from: papers, newspapers, magazines, slides, books, exams and the like."""

from __future__ import annotations

from collections.abc import Callable

from training.pages.parts import Parts, box, leaf

Template = Callable[[Parts], str]


def page(parts: Parts, inner: str, tall: float | None = None) -> str:
    """The page's body; as tall as its content, at least ``tall`` times its width."""
    tall = parts.rng.uniform(0.9, 1.4) if tall is None else tall
    return f'<div class="page" style="min-height:{parts.style.width * tall:.0f}px">{inner}</div>'


def framed(parts: Parts, inner: str, tall: float | None = None) -> str:
    """A page with running header and footer, mostly."""
    header = parts.header() if parts.rng.happens(0.55) else ""
    footer = parts.footer() if parts.rng.happens(0.6) else ""
    return page(parts, f"{header}{inner}<div class='grow'></div>{footer}", tall)


def columns(count: int, inner: str, style: str = "") -> str:
    """Balanced columns."""
    return box(inner, f"column-count:{count};{style}", "cols")


def ragged(parts: Parts, count: int, blocks: int) -> str:
    """Columns of their own lengths, some with footnotes."""
    made = []
    for _ in range(count):
        inner = parts.flow(parts.rng.randint(max(1, blocks - 2), blocks + 2))
        made.append(box(inner + (parts.footnotes() if parts.rng.happens(0.25) else "")))
    return box("".join(made), cls="flex")


def paper(parts: Parts) -> str:
    """Title, authors, abstract, then one to three columns."""
    rng, count = parts.rng, parts.rng.choice((1, 2, 2, 2, 2, 3))
    top = ""
    if rng.happens(0.5):
        top = parts.title()
        if rng.happens(0.5):
            people = [parts.address(2, 4, size=0.9) for _ in range(rng.randint(2, 4))]
            top += box("".join(people), "margin-bottom:1em;text-align:center", "flex")
        else:
            top += leaf(
                "text",
                ", ".join(parts.prose.name() for _ in range(rng.randint(1, 5))),
                "p",
                "text-align:center;text-indent:0",
            )
        if rng.happens(0.7):
            top += box(
                leaf("heading", "Abstract" if not parts.prose.chinese else "摘要", "h3", "text-align:center", 1)
                + parts.paragraph(4, 9),
                f"padding:0 {rng.randint(0, 90)}px",
            )
    body = []
    for _ in range(rng.choice((1, 1, 2))):
        if count > 1 and rng.happens(0.3):
            body.append(box(rng.choice((parts.captioned_table, lambda: parts.figure(True)))()))
        body.append(
            ragged(parts, count, rng.randint(2, 6))
            if rng.happens(0.4)
            else columns(count, parts.flow(rng.randint(4, 9) * count))
        )
    if count > 1 and rng.happens(0.15):
        body.append(rng.choice((parts.captioned_table, lambda: parts.figure(True)))())
    return framed(parts, top + "".join(body) + (parts.footnotes() if rng.happens(0.2) else ""))


def references(parts: Parts) -> str:
    """Small print in columns: references, an index, terms."""
    rng = parts.rng
    kind = rng.choice(("[1]", "1.", "hang"))
    items = []
    for index in range(rng.randint(12, 40)):
        mark = {"[1]": f"[{index + 1}] ", "1.": f"{index + 1}. ", "hang": ""}[kind]
        items.append(
            leaf(
                "list_item" if mark else "text",
                mark + parts.prose.paragraph(1, 2),
                "div",
                f"padding-left:1.5em;text-indent:-1.5em;margin-bottom:{rng.choice((0, 0.3))}em",
            )
        )
    body = parts.heading() + columns(rng.choice((1, 2, 2, 3)), "".join(items))
    return framed(parts, box(body, f"font-size:{parts.style.size * 0.85:.1f}px"))


def article(parts: Parts, count: int, blocks: int, scale: float) -> str:
    """A newspaper's article under a headline that spans its columns."""
    rng = parts.rng
    head = leaf(
        "heading",
        parts.prose.title(3, 9),
        "h2",
        f"font-size:{parts.style.size * scale:.0f}px;margin-bottom:.3em;text-align:{rng.choice(('left', 'left', 'center'))}",
        1,
    )
    if rng.happens(0.3):
        head += leaf(
            "text",
            parts.prose.paragraph(1, 2),
            "p",
            f"font-size:{parts.style.size * rng.uniform(1.05, 1.3):.1f}px;font-weight:{rng.choice(('bold', 'normal'))};text-indent:0",
        )
    if rng.happens(0.4):
        head += leaf("text", rng.choice(("By ", "")) + parts.prose.name(), "div", "font-style:italic;font-size:.9em")
    inner = "".join(
        parts.figure() if rng.happens(0.1) else parts.heading(2) if rng.happens(0.06) else parts.paragraph(1, 4)
        for _ in range(blocks)
    )
    picture = parts.figure(True) if rng.happens(0.25) else ""
    rule = "column-rule:1px solid #555;" if rng.happens(0.3) else ""
    return box(
        head + picture + columns(count, inner, rule),
        f"grid-column:span {count};{'border-top:1px solid #000;padding-top:4px;' if rng.happens(0.3) else ''}",
    )


def newspaper(parts: Parts) -> str:
    """Articles side by side and under each other on a grid of three to six columns."""
    rng, count = parts.rng, parts.rng.randint(3, 6)
    size = parts.style.width / count / rng.uniform(11, 17)
    rows = []
    for _ in range(rng.randint(1, 4)):
        left, articles = count, []
        while left:
            span = rng.randint(1, left)
            scale = min(1.2 + 0.45 * span * rng.uniform(0.6, 1.2), 4.5)
            articles.append(article(parts, span, rng.randint(2, 6) * span, scale))
            left -= span
        rows.append(
            box(
                "".join(articles),
                f"display:grid;grid-template-columns:repeat({count},1fr);column-gap:{parts.style.gap:.1f}em;align-items:start;margin-bottom:{rng.uniform(0.3, 1.6):.1f}em",
            )
        )
    mast = ""
    if rng.happens(0.5):
        mast = parts.title(rng.uniform(3, 5), "center") + box(
            leaf("header", parts.prose.date()) + leaf("header", parts.prose.phrase(1, 4)),
            "display:flex;justify-content:space-between;border-top:1px solid #000;border-bottom:1px solid #000;margin-bottom:.8em",
        )
    advert = (
        box(
            box(
                leaf(
                    "text",
                    parts.prose.title(2, 5),
                    "div",
                    f"font-size:{size * 2:.0f}px;text-align:center;font-weight:bold",
                )
                + leaf("text", parts.prose.paragraph(1, 3), "div", "text-align:center")
                + parts.picture(40, 120),
                "border:2px solid #000;padding:10px",
            ),
            "margin-top:.5em",
        )
        if rng.happens(0.2)
        else ""
    )
    inner = f"{mast}{''.join(rows)}{advert}"
    return framed(parts, box(inner, f"font-size:{size:.1f}px;line-height:{rng.uniform(1.1, 1.3):.2f}"))


def magazine(parts: Parts) -> str:
    """A large title, columns, a pull quote, a sidebar in colour, pictures."""
    rng, count = parts.rng, parts.rng.choice((2, 2, 3, 3, 4))
    quote = leaf(
        "text",
        "“" + parts.prose.sentence() + "”",
        "div",
        f"font-size:{parts.style.size * rng.uniform(1.4, 2):.0f}px;line-height:1.2;color:{parts.style.colour};margin:.6em 0;text-align:center",
        cls="keep",
    )
    blocks = [parts.paragraph() for _ in range(rng.randint(3, 6) * count)]
    for _ in range(rng.randint(0, 3)):
        blocks.insert(
            rng.randint(1, len(blocks)), rng.choice((parts.figure, lambda: parts.heading(2), lambda: quote))()
        )
    main = columns(count, "".join(blocks))
    head = parts.title(rng.uniform(2, 4.5))
    if rng.happens(0.6):
        head += leaf(
            "text",
            parts.prose.paragraph(1, 2),
            "p",
            f"font-size:{parts.style.size * 1.3:.0f}px;text-indent:0;margin-bottom:1em",
        )
    if rng.happens(0.35):
        head = parts.figure(True) + head
    inner = head + main
    if rng.happens(0.6):
        inside = (
            parts.heading(2)
            + (parts.listing() if rng.happens(0.4) else "")
            + parts.paragraph()
            + (parts.picture(60, 150) if rng.happens(0.4) else "")
            + parts.paragraph()
        )
        side = box(
            inside,
            f"padding:12px;flex:0 0 {rng.randint(20, 32)}%;margin-top:{rng.choice((0, 0, 40, 120))}px",
            rng.choice(("shade", "", "dark")),
        )
        inner = box((side + box(inner)) if rng.happens(0.3) else (box(inner) + side), cls="flex")
    return framed(parts, inner)


def slide(parts: Parts) -> str:
    """A wide page of few words: bullets, cards, two sides."""
    rng = parts.rng
    size = parts.style.size * rng.uniform(1.3, 2.0)
    head = parts.title(rng.uniform(1.8, 2.6), rng.choice(("left", "center")))
    if rng.happens(0.3):
        head = box(head, "padding:10px 16px;margin-bottom:1em", "dark")

    def card() -> str:
        top = (
            parts.heading(1)
            if rng.happens(0.8)
            else leaf("text", parts.prose.number(), "div", f"font-size:{size * 1.6:.0f}px;font-weight:bold")
        )
        return box(
            (parts.picture(40, 110) if rng.happens(0.3) else "")
            + top
            + leaf(
                "text",
                parts.prose.paragraph(1, 2) if rng.happens(0.6) else parts.prose.phrase(3, 10),
                "p",
                "text-indent:0",
            ),
            "padding:10px",
            rng.choice(("", "shade", "shade", "dark")),
        )

    kind = rng.randint(0, 6)
    if kind == 0:
        body = parts.listing(3, 7, 1)
    elif kind == 1:
        body = box(box(parts.listing(2, 5, 1)) + box(parts.figure()), cls="flex")
    elif kind == 2:
        across = rng.randint(2, 4)
        cards = "".join(card() for _ in range(across * rng.randint(1, 2)))
        body = box(cards, f"display:grid;grid-template-columns:repeat({across},1fr);gap:{rng.uniform(0.6, 2):.1f}em")
    elif kind == 3:
        body = box("".join(box(parts.heading(1) + parts.listing(2, 5, 1)) for _ in range(2)), cls="flex")
    elif kind == 4:
        body = parts.captioned_table() + parts.paragraph(1, 2)
    elif kind == 5:
        steps = "".join(
            box(
                leaf("heading", f"{n + 1}", "h2", f"font-size:{size * 1.3:.0f}px", 1)
                + leaf("text", parts.prose.phrase(3, 12), "div"),
                "text-align:center",
            )
            for n in range(rng.randint(3, 5))
        )
        body = box(steps, cls="flex") + (parts.paragraph(1, 3) if rng.happens(0.5) else "")
    else:
        body = parts.chart() + parts.listing(1, 3, 1)
    foot = (
        box(
            leaf("footer", parts.prose.phrase(1, 4)) + leaf("page_number", str(rng.randint(1, 60))),
            f"display:flex;justify-content:space-between;font-size:{parts.style.size * 0.9:.0f}px",
        )
        if rng.happens(0.6)
        else ""
    )
    return page(
        parts,
        box(head + body, f"font-size:{size:.1f}px") + "<div class='grow'></div>" + foot,
        rng.choice((0.56, 0.75)),
    )


def book(parts: Parts) -> str:
    """One column."""
    rng = parts.rng
    top = parts.title() if rng.happens(0.3) else ""
    inner = parts.flow(
        rng.randint(4, 12),
        [
            (parts.paragraph, 70),
            (parts.heading, 5),
            (lambda: parts.heading(2), 5),
            (parts.listing, 6),
            (parts.figure, 4),
            (parts.formula, 6),
            (parts.code, 4),
            (parts.captioned_table, 3),
        ],
    )
    return framed(parts, top + inner + (parts.footnotes() if rng.happens(0.35) else ""))


def contents(parts: Parts) -> str:
    """A table of contents: an entry and its page number on one row."""
    rng, rows = parts.rng, []
    dots = rng.choice(("." * 200, "", " ." * 120))
    for index in range(rng.randint(8, 30)):
        inset = rng.choice((0, 0, 1.5, 3))
        rows.append(
            leaf(
                "list_item",
                f'<span style="background:#fff;padding-right:4px">{index + 1}{rng.choice((".", "", ".1"))} {parts.prose.title(2, 7)}</span><span style="flex:1;overflow:hidden;height:1.2em;white-space:nowrap">{dots}</span><span style="padding-left:6px">{index * 3 + 1}</span>',
                "div",
                f"display:flex;padding-left:{inset}em;margin-bottom:{parts.style.spacing / 2:.2f}em",
            )
        )
    return framed(parts, parts.title() + columns(rng.choice((1, 1, 1, 2)), "".join(rows)))


def spread(parts: Parts) -> str:
    """Two facing pages on one picture."""
    rng = parts.rng
    side = rng.choice((0.4, 0.7, 0.7, 0.9))

    def half(number: int, count: int) -> str:
        header = (
            leaf("header", parts.prose.phrase(1, 4), "div", "margin-bottom:1.5em;font-size:.85em")
            if rng.happens(0.4)
            else ""
        )
        inner = (parts.heading() if rng.happens(0.3) else "") + parts.flow(
            rng.randint(1, 7),
            [(parts.paragraph, 75), (parts.heading, 8), (parts.figure, 6), (parts.listing, 6), (parts.formula, 3)],
        )
        foot = leaf(
            "page_number",
            str(number),
            "div",
            f"padding-top:1.5em;text-align:{rng.choice(('center', 'left' if number % 2 == 0 else 'right'))}",
        )
        return box(
            header + columns(count, inner) + "<div class='grow'></div>" + foot,
            f"padding:0 {rng.randint(15, 60)}px;display:flex;flex-direction:column;align-self:stretch;min-height:{parts.style.width * side:.0f}px",
        )

    number, count = rng.randint(2, 300), rng.choice((1, 1, 1, 2))
    rule = "border-left:2px solid #bbb;" if rng.happens(0.4) else ""
    halves = half(number, count) + box(half(number + 1, count), f"{rule}align-self:stretch")
    return page(parts, box(halves, "flex:1", "flex"), side)


def sides(parts: Parts) -> str:
    """Few lines: blocks side by side, nothing else."""
    rng = parts.rng
    blocks = [
        box(
            (parts.heading(2) if rng.happens(0.3) else "")
            + (parts.address(2, 5) if rng.happens(0.4) else parts.paragraph(1, 2))
        )
        for _ in range(rng.randint(2, 4))
    ]
    above = parts.paragraph(1, 2) if rng.happens(0.3) else ""
    below = parts.paragraph(1, 3) if rng.happens(0.3) else ""
    return page(parts, above + box("".join(blocks), f"margin-bottom:{rng.uniform(0.2, 2):.1f}em", "flex") + below, 0.1)


TEMPLATES: dict[Template, int] = {
    paper: 22,
    references: 5,
    newspaper: 20,
    magazine: 14,
    slide: 14,
    book: 8,
    contents: 3,
    spread: 7,
    sides: 7,
}
