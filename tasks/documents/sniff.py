"""Which format a document has, by its first bytes; the standard library alone, for processes that stay small."""

from __future__ import annotations

FORMATS = "PNG, JPEG, WebP, BMP, GIF, TIFF, HEIC, AVIF, JPEG 2000 or PDF"
_PDF_HEADER_WITHIN = 1024  # the PDF specification's readers accept the header anywhere in the first 1,024 bytes

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)


# The brand of an ISO base media file (ISO 14496-12): of pictures in HEVC, and of those in AV1.
_BRANDS = {b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"mif1": "heic"}
_BRANDS |= {b"avif": "avif", b"avis": "avif"}


def sniff(document: bytes) -> str | None:
    """The format by its first bytes: ``png``, ``jpeg``, ``heic``, ``pdf`` and the like, or None."""
    if document[4:8] == b"ftyp" and document[8:12] in _BRANDS:
        return _BRANDS[document[8:12]]
    if document.startswith(b"RIFF") and document[8:12] == b"WEBP":
        return "webp"
    for magic, name in _MAGIC:
        if document.startswith(magic):
            return name
    return "pdf" if b"%PDF-" in document[:_PDF_HEADER_WITHIN] else None
