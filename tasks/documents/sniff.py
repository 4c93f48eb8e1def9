"""Which format a document has, by its first bytes; the standard library alone, for processes that stay small."""

from __future__ import annotations

FORMATS = "PNG, JPEG, WebP, BMP, GIF, TIFF or PDF"
_PDF_HEADER_WITHIN = 1024  # the PDF specification's readers accept the header anywhere in the first 1,024 bytes

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)


def sniff(document: bytes) -> str | None:
    """The format by its first bytes: ``png``, ``jpeg``, ``gif``, ``webp``, ``bmp``, ``tiff``, ``pdf`` or None."""
    if document.startswith(b"RIFF") and document[8:12] == b"WEBP":
        return "webp"
    for magic, name in _MAGIC:
        if document.startswith(magic):
            return name
    return "pdf" if b"%PDF-" in document[:_PDF_HEADER_WITHIN] else None
