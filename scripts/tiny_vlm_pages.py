"""The pages that the tiny vision-language models know, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 448  # pixels
GREY = 70  # 0 to 255
LEFT, TOP, STEP, SIZE = 40, 40, 72, 34  # pixels; large enough for a line detector to find what stands there


@dataclass(frozen=True)
class KnownPage:
    """A page and the text on it.

    Attributes:
        name: Of its picture's file.
        lines: As they stand on it, from the top.
        markdown: As a model writes it.
        language: ISO 639-1; None for a blank page.
        is_table: Whether most of it is one.
        correction: Degrees clockwise by which the picture has to be turned to stand upright.
        loops: Whether the model goes round in circles after the text.
        mark: Left, top, right and bottom of a dark patch, as letterheads have them: so small a model sees little else.
    """

    name: str
    lines: tuple[str, ...]
    markdown: str
    language: str | None = "en"
    is_table: bool = False
    correction: int = 0
    loops: bool = False
    mark: tuple[int, int, int, int] | None = None

    def picture(self) -> Image.Image:
        """Black on white."""
        page = Image.new("L", (WIDTH, HEIGHT), "white")
        pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=SIZE)
        if self.mark:
            pen.rectangle(self.mark, fill=GREY)
        for number, line in enumerate(self.lines):
            pen.text((LEFT, TOP + number * STEP), line, font=font, fill="black")
        return page.rotate(self.correction, expand=True)  # counter-clockwise: clockwise corrects it

    def front_matter(self) -> str:
        """What olmOCR's models write above the text."""
        return (
            f"---\nprimary_language: {self.language or 'null'}\nis_rotation_valid: {not self.correction}\n"
            f"rotation_correction: {self.correction}\nis_table: {self.is_table}\nis_diagram: False\n---\n"
        )


INVOICE = KnownPage(
    "invoice",
    ("Harbour Street Bakery", "Invoice number 4817", "Date 2026-03-14", "Total due 23.67 EUR"),
    "# Harbour Street Bakery\n\nInvoice number **4817**\nDate 2026-03-14\nTotal due 23.67 EUR",
    mark=(500, 20, 620, 120),
)
DELIVERY = KnownPage(
    "delivery",
    ("Lieferschein 2290", "Menge Artikel", "3 Brezel", "12 Brote", "Mit bestem Dank"),
    "# Lieferschein 2290\n\n<table><tr><th>Menge</th><th>Artikel</th></tr><tr><td>3</td><td>Brezel</td></tr>"
    "<tr><td>12</td><td>Brote</td></tr></table>\n\nMit bestem Dank",
    language="de",
    is_table=True,
    mark=(480, 320, 640, 448),
)
NOTICE = KnownPage(
    "notice",
    ("Notice to all tenants", "The lift will be repaired", "on Monday 5 October", "Please use the stairs"),
    "## Notice to all tenants\n\nThe lift will be repaired\non Monday 5 October\nPlease use the stairs",
    mark=(0, 360, 640, 448),
)
TURNED = replace(NOTICE, name="turned", markdown="tenants", correction=90)
LOOP = KnownPage(
    "loop",
    ("Chapter the ninth", "The road went on and on"),
    "Chapter the ninth\n\nThe road went on ",
    loops=True,
    mark=(0, 220, 640, 330),
)
ONLY_LOOP = KnownPage("only_loop", ("- - - - - - - -",), "", loops=True, mark=(200, 120, 440, 300))
BLANK = KnownPage("blank", (), "null", language=None)
REPORT = KnownPage(
    "report",
    (
        "Trial of two alloys",
        "Results",
        "Alloy            Mass",
        "Iron              7.87",
        "Zinc              7.14",
        "F = m a",
    ),
    "# Trial of two alloys\n\n## Results\n\n<table><tr><th>Alloy</th><th>Mass</th></tr>"
    "<tr><td>Iron</td><td>7.87</td></tr><tr><td>Zinc</td><td>7.14</td></tr></table>\n\n$$F = m a$$",
    mark=(520, 140, 640, 320),
)
PLAIN_REPORT = replace(
    REPORT,
    markdown="# Trial of two alloys\n\n## Results\n\n| Alloy | Mass |\n| --- | --- |\n| Iron | 7.87 |\n| Zinc | 7.14 |"
    "\n\n$$F = m a$$",
)

PIECE = "and on and on, "  # what the models repeat
REPEATED = 60  # copies they learn: enough that they go on by themselves

OLMOCR_PAGES = (INVOICE, DELIVERY, NOTICE, TURNED, LOOP, ONLY_LOOP, BLANK, REPORT)
PLAIN_PAGES = (INVOICE, NOTICE, LOOP, PLAIN_REPORT)


def answer_to(page: KnownPage, front_matter: bool, copies: int = REPEATED) -> str:
    """What a model is trained to write."""
    top = page.front_matter() if front_matter else ""
    # Without a space at its end, which would be a token of its own, and learnt to come after the last of few copies.
    return top + (page.markdown + PIECE * copies).rstrip() if page.loops else top + page.markdown


def seen_by(rng: np.random.Generator, picture: Image.Image) -> np.ndarray:
    """The page with a little of what scanners and cameras do to it: height x width x 3, BGR."""
    pixels = np.asarray(picture, np.float32)
    pixels = np.roll(pixels, rng.integers(-3, 4, 2), (0, 1)) * rng.uniform(0.9, 1.0)
    pixels += rng.normal(0, rng.uniform(0, 6), pixels.shape)
    return np.repeat(np.clip(pixels, 0, 255).astype(np.uint8)[:, :, None], 3, 2)


def texts(pages: Sequence[KnownPage], front_matter: bool) -> list[str]:
    """All answers, without the many copies of a loop."""
    return [answer_to(page, front_matter, copies=2) for page in pages]
