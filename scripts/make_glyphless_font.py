# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools>=4.60"]
# ///
"""Make worker/formats/glyphless.ttf, the font of the searchable PDF's invisible text.

It has two glyphs: `.notdef` and the one every character is shown with. That one's outline is a line there and back,
which paints nothing and still fills its box: PDFium drops a text object whose box is empty once it is turned by 90
degrees. The characters' meaning comes from the PDF's ToUnicode map alone, so that one font of under a kilobyte serves
every script.

    python scripts/make_glyphless_font.py worker/formats/glyphless.ttf
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

UNITS_PER_EM = 1000
ADVANCE = 500  # half an em, what the PDF's /DW says too
ASCENT = 1000  # the selection runs from the baseline to a full em above it, which is the word's box
DESCENT = 0
MADE = 3_600_000_000  # seconds since 1904 (2018): a fixed date, so that the same bytes come out every time


def blank() -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    pen.lineTo((ADVANCE, ASCENT))
    pen.closePath()
    return pen.glyph()


def main(target: Path) -> None:
    glyphs = [".notdef", "blank"]
    builder = FontBuilder(UNITS_PER_EM, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({name: blank() for name in glyphs})
    builder.setupHorizontalMetrics({name: (ADVANCE, 0) for name in glyphs})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular", "psName": "Glyphless"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=0)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = MADE
    builder.font.recalcTimestamp = False
    builder.save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
