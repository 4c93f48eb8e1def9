"""PDFs with text layers that can be trusted, and others that lie."""

from __future__ import annotations

from collections.abc import Sequence

from tests.documents import pdf_of

SIZE = (595, 842)
VISIBLE, INVISIBLE = 0, 3  # text rendering modes
TO_NOWHERE = """/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Private def /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange
1 beginbfrange <20> <7E> <E020> endbfrange
endcmap end end"""


def layered_pdf(
    lines: Sequence[str],
    *,
    mode: int = VISIBLE,
    over: str = "",
    extra: str = "",
    unmapped: bool = False,
    left: int = 40,
) -> bytes:
    """A page of text in Helvetica.

    Args:
        lines: From the top, 18 points high.
        mode: How they are drawn.
        over: Drawn after them.
        extra: Members of the page, its annotations say.
        unmapped: Whether the font's characters have no Unicode of their own.
        left: Points from the page's left edge.
    """
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    stream = f"BT {mode} Tr /F1 18 Tf 30 TL {left} 780 Td {shown} ET {over}"
    font = "/ToUnicode 6 0 R" if unmapped else ""
    return pdf_of(
        [
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] >> >>",
            f"<< /Type /Pages /Kids [4 0 R] /Count 1 /MediaBox [0 0 {SIZE[0]} {SIZE[1]}] >>",
            f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica {font} >>",
            "<< /Type /Page /Parent 2 0 R /Contents 5 0 R "
            f"/Resources << /Font << /F1 3 0 R >> /XObject << /Grey 7 0 R >> >> {extra} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            f"<< /Length {len(TO_NOWHERE)} >>\nstream\n{TO_NOWHERE}\nendstream",
            "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            "/Length 1 >>\nstream\n\xc8\nendstream",
            "<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >> "
            "/Length 49 >>\nstream\nBT /F1 12 Tf 2 5 Td (Membership 40711) Tj ET     \nendstream",
        ]
    )


WHOLE_PICTURE = f"q {SIZE[0]} 0 0 {SIZE[1]} 0 0 cm /Grey Do Q"
FIELD = (
    "/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Membership 40711) /F 4 "
    "/Rect [40 400 240 420] /AP << /N 8 0 R >> >>]"
)
