"""How a page is set: fonts, sizes, distances, colours; fonts for learning apart from those for measuring."""

from __future__ import annotations

from dataclasses import dataclass

from training.random_source import RandomSource

SERIF = ("Liberation Serif", "Noto Serif", "FreeSerif", "EB Garamond", "TeX Gyre Schola", "Caladea")
SANS = (
    "Liberation Sans",
    "Noto Sans",
    "Open Sans",
    "Carlito",
    "Liberation Sans Narrow",
    "Cantarell",
    "TeX Gyre Adventor",
)
MONO = ("Liberation Mono", "Courier Prime", "Inconsolata")
CHINESE = ("Noto Sans CJK SC", "WenQuanYi Micro Hei")
HELD_SERIF = ("DejaVu Serif", "TeX Gyre Pagella", "Gentium", "TeX Gyre Termes")
HELD_SANS = ("DejaVu Sans", "Roboto", "Lato", "B612")
HELD_MONO = ("DejaVu Sans Mono", "JetBrains Mono")
HELD_CHINESE = ("Noto Serif CJK SC", "WenQuanYi Zen Hei")
COLOURS = ("#000", "#000", "#111", "#222", "#1a3a6b", "#7a1420", "#225533", "#555")
SHADES = ("#eee", "#f3efe0", "#dde8f2", "#e8f2dd", "#f7dede", "#d5d5d5")
DARK = ("#123", "#444", "#7a1420", "#1a4a7b", "#264d36")


@dataclass(frozen=True)
class Style:
    """One page's setting.

    Attributes:
        width: Pixels.
        size: Of running text, pixels.
        leading: Line height in sizes.
        body: Font of running text.
        heads: Font of headings.
        mono: Font of code.
        gap: Between columns, in sizes.
        spacing: Between paragraphs, in sizes.
        indent: Of a paragraph's first line, in sizes.
        justify: Whether lines are justified.
        margin: Of the page, pixels.
        colour: Of headings.
        shade: Behind boxes.
        dark: Of bars with white letters.
    """

    width: int
    size: float
    leading: float
    body: str
    heads: str
    mono: str
    gap: float
    spacing: float
    indent: float
    justify: bool
    margin: int
    colour: str
    shade: str
    dark: str

    @classmethod
    def drawn(cls, rng: RandomSource, chinese: bool, held_out: bool) -> Style:
        """A setting at random."""
        serif, sans = (HELD_SERIF, HELD_SANS) if held_out else (SERIF, SANS)
        fonts = serif + sans
        extra = f", '{rng.choice(HELD_CHINESE if held_out else CHINESE)}'" if chinese else ""
        body = rng.choice(serif if rng.happens(0.5) else sans)
        indented = rng.happens(0.4)
        return cls(
            width=rng.randint(850, 1250),
            size=rng.uniform(11.5, 19),
            leading=rng.uniform(1.12, 1.65),
            body=f"'{body}'{extra}",
            heads=f"'{body if rng.happens(0.5) else rng.choice(fonts)}'{extra}",
            mono=f"'{rng.choice(HELD_MONO if held_out else MONO)}'",
            gap=rng.uniform(1.0, 3.2),
            spacing=rng.uniform(0, 0.25) if indented else rng.uniform(0.35, 1.3),
            indent=rng.uniform(1, 2.2) if indented else 0.0,
            justify=rng.happens(0.6),
            margin=rng.randint(25, 110),
            colour=rng.choice(COLOURS),
            shade=rng.choice(SHADES),
            dark=rng.choice(DARK),
        )

    def css(self) -> str:
        """The page's style sheet."""
        align = "justify" if self.justify else "left"
        return f"""*{{box-sizing:border-box;margin:0;padding:0}}
html{{background:#fff}}body{{width:{self.width}px;font:{self.size:.1f}px/{self.leading:.2f} {self.body};color:#000;position:relative}}
.page{{padding:{self.margin}px;display:flex;flex-direction:column;position:relative}}
p{{text-align:{align};text-indent:{self.indent:.2f}em;margin-bottom:{self.spacing:.2f}em}}
.cols{{column-gap:{self.gap:.2f}em}} .flex{{display:flex;gap:{self.gap:.2f}em;align-items:flex-start}} .flex>*{{flex:1;min-width:0}}
.grow{{flex:1}} h1,h2,h3,h4{{font-family:{self.heads};color:{self.colour};line-height:1.15;break-after:avoid}}
.keep{{break-inside:avoid}} table{{border-collapse:collapse}} td,th{{text-align:left;vertical-align:top}}
pre{{font-family:{self.mono};white-space:pre}} .pic{{position:relative}}
.shade{{background:{self.shade}}} .dark{{background:{self.dark};color:#fff}} .dark *{{color:#fff !important}}
li{{list-style-position:outside}} .nw{{white-space:nowrap}}"""
