"""The font of a PDF's invisible text: one empty glyph for every character, and a map that says what each means.

The technique is Tesseract's and OCRmyPDF's: viewers search, select and copy by the ToUnicode map, which holds any
script; what is painted is the page's picture. Codes are given out as characters come up, so characters beyond the
basic plane need no surrogates in the text.
"""

from __future__ import annotations

from pathlib import Path

from pikepdf import Dictionary, Name, Object, Pdf

FONT_FILE = Path(__file__).with_name("glyphless.ttf")  # made by scripts/make_glyphless_font.py
ADVANCE = 0.5  # of the font size, for every glyph
EM = 1000
BLANK = b"\x00\x01"  # the glyph that every code shows
MAP_BLOCK = 100  # entries in one block of a CMap, by its specification
LAST_CODE = 0xFFFF

CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{blocks}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class GlyphlessFont:
    """Codes for the characters of one PDF, and the font object that explains them."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, text: str) -> str:
        """The text as a PDF string of two-byte codes, brackets included."""
        return f"<{''.join(f'{self._code(char):04X}' for char in text)}>"

    def add_to(self, pdf: Pdf) -> Object:
        """Write the font; to be called when all text has been encoded."""
        data = FONT_FILE.read_bytes()
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.Glyphless,
            Flags=4,  # symbolic: no standard character set
            FontBBox=[0, 0, round(ADVANCE * EM), EM],
            ItalicAngle=0,
            Ascent=EM,
            Descent=0,
            CapHeight=EM,
            StemV=80,
            FontFile2=pdf.make_stream(data, Length1=len(data)),
        )
        glyphs = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name.Glyphless,
            CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=round(ADVANCE * EM),
            CIDToGIDMap=pdf.make_stream(BLANK * (len(self._codes) + 1)),
        )
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name.Glyphless,
            Encoding=Name("/Identity-H"),
            DescendantFonts=[pdf.make_indirect(glyphs)],
            ToUnicode=pdf.make_stream(self._map().encode("ascii")),
        )
        return pdf.make_indirect(font)

    def _code(self, char: str) -> int:
        return self._codes.setdefault(char, min(len(self._codes) + 1, LAST_CODE))

    def _map(self) -> str:
        entries = [f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in self._codes.items()]
        blocks = [entries[start : start + MAP_BLOCK] for start in range(0, len(entries), MAP_BLOCK)]
        return CMAP.format(
            blocks="\n".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar" for block in blocks)
        )
