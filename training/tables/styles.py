"""How drawn tables look: borders, fills, alignment and type as CSS, one half to learn from, one to measure on."""

from __future__ import annotations

from training.random_source import RandomSource

FONTS = {
    False: (
        "'Liberation Sans', 'Noto Sans CJK SC'",
        "'Liberation Serif', 'Noto Serif CJK SC', 'Noto Sans CJK SC'",
        "'Noto Sans', 'Noto Sans CJK SC'",
        "'Liberation Sans Narrow', 'Noto Sans CJK SC'",
        "'Liberation Mono', 'Noto Sans Mono CJK SC'",
    ),
    True: (
        "'DejaVu Sans', 'Noto Sans CJK JP'",
        "'DejaVu Serif', 'Noto Serif CJK JP', 'Noto Sans CJK JP'",
        "'Noto Serif', 'Noto Sans CJK JP'",
        "'FreeSans', 'Noto Sans CJK JP'",
        "'FreeSerif', 'Noto Sans CJK JP'",
    ),
}

BORDERS = {"none": 22, "grid": 24, "horizontal": 14, "booktabs": 18, "outer": 5, "vertical": 4, "inner": 6, "first": 7}
"""Of tables: no line, all, those between rows, three of a paper, a box around, those between columns, all but the box
around, and one behind the header's row or column."""

FILLS = {
    False: ("#e8eef7", "#d9d9d9", "#ffe9c7", "#24476b", "#333333", "#cfe3d4"),
    True: ("#f0e6f2", "#c8d8e8", "#eeeeee", "#7a1f1f", "#1d5c3b", "#444477"),
}


def table_css(rng: RandomSource, name: str, measuring: bool, header_rows: int) -> str:
    """The style of one table.

    Args:
        rng: Draws.
        name: The table's id.
        measuring: Which half of the styles.
        header_rows: How many rows name the columns.
    """
    borders = rng.by_share(BORDERS)
    size = round(rng.uniform(9, 17), 1)
    vertical, across = rng.uniform(0.5, 9), rng.uniform(3, 22 if borders != "grid" else 14)
    if borders in {"none", "booktabs"} and rng.happens(0.6):
        vertical = rng.uniform(0, 3)
    rules = [
        f"{{border-collapse:collapse;font:{size}px {rng.choice(FONTS[measuring])};"
        f"line-height:{rng.uniform(1.08, 1.45):.2f};color:{rng.choice(('#000', '#000', '#222', '#334'))}}}",
        f" :is(td,th){{padding:{vertical:.1f}px {across:.1f}px;"
        f"vertical-align:{rng.by_share({'top': 5, 'middle': 5, 'baseline': 2, 'bottom': 1})}}}",
        f" th{{font-weight:{rng.choice(('bold', 'bold', 'normal'))};"
        f"text-align:{rng.choice(('center', 'center', 'left'))};"
        f"vertical-align:{rng.choice(('middle', 'bottom', 'bottom'))}}}",
        *_border_css(rng, borders, header_rows),
        *_fill_css(rng, measuring, header_rows),
    ]
    if rng.happens(0.6):
        rules.append(f"{{width:{rng.randint(45, 100)}%}}")
    return "\n".join(f"#{name}{rule}" for rule in rules)


def _border_css(rng: RandomSource, borders: str, header_rows: int) -> list[str]:
    width = rng.choice((1, 1, 1, 0.7, 1.5, 2))
    line = f"{width}px {rng.choice(('solid', 'solid', 'solid', 'solid', 'dotted', 'dashed'))} "
    line += rng.choice(("#000", "#000", "#444", "#888", "#bbb", "#36c"))
    thick = f"{width + rng.choice((0, 0.7, 1))}px solid #000"
    last = f" tr:nth-child({header_rows})>*"
    match borders:
        case "grid":
            return [f"{{border:{line}}}", f" :is(td,th){{border:{line}}}"]
        case "horizontal":
            return [f"{{border-top:{line};border-bottom:{line}}}", f" tr{{border-bottom:{line}}}"]
        case "booktabs":
            under = [f" .group{{border-bottom:{width}px solid #000}}"] if rng.happens(0.6) else []
            mid = f" tr.head:nth-child({header_rows}){{border-bottom:{width}px solid #000}}"
            return [f"{{border-top:{thick};border-bottom:{thick}}}", mid, *under]
        case "outer":
            return [f"{{border:{line}}}", f"{last}{{border-bottom:{line}}}"]
        case "vertical":
            return [f" td+td{{border-left:{line}}}", f" th+th{{border-left:{line}}}"]
        case "inner":
            return [
                f" :is(td,th){{border:{line}}}",
                "{border-style:hidden}",
            ]
        case "first":
            return [f" tr.head:nth-child({header_rows}){{border-bottom:{line}}}"] + (
                [f" tr>*:first-child{{border-right:{line}}}"] if rng.happens(0.5) else []
            )
    return []


def _fill_css(rng: RandomSource, measuring: bool, header_rows: int) -> list[str]:
    rules = []
    if header_rows and rng.happens(0.35):
        fill = rng.choice(FILLS[measuring])
        dark = int(fill[1:3], 16) + int(fill[3:5], 16) + int(fill[5:7], 16) < 380
        rules.append(f" tr.head>*{{background:{fill};color:{'#fff' if dark else '#000'}}}")
    if rng.happens(0.18):
        rules.append(f" tr:nth-child(even):not(.head){{background:{rng.choice(('#f2f2f2', '#e9f0f7', '#eee'))}}}")
    return rules
