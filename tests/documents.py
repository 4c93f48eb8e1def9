"""Test documents made in memory: pages, the formats they come in, and what breaks readers."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.imaging.decode import Limits, open_document

A4_150_DPI = (1240, 1754)
WHITE = (255, 255, 255)

# What undoes each EXIF orientation's turn.
_UNTURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
EXIF_ORIENTATION = 0x0112

PDF_PASSWORD = "secret"
# One page that says "Locked page 417", 360 x 144 points, RC4-128, with a user password and with an owner's alone.
_USER_LOCKED = (
    "c-oCpzl#(x6fT7{;x$%65Eg7SzcVwqY;k+HsHg0)t2QE%nY^qkdo#yOR_?4UEN#!q|3FJYuoLXXAAf;1+FDwfnb|!T#=;~;^1bhU@5|%$_IE"
    "~?*%g6$-@bqRf*7W_NFSkoACcR~hk(h@c(W*Gi0qpgRG0_C1PulVa$6I5C!ygXvNyLCzK2E4$M+E#7R%gYwvj6SnOYYrAyC^&<QCYu*)EQP7"
    "7bfyikXzHV(tU6!m?#fpemMS7EIQPqY!N`46C*2_N?m5jrunspZSMa>N;Ne63hYm^+})EI(fBw_I31r{Pg9U(YbdA7jHbj^z-EN)gRA>#fAR"
    "X-h=Zme!u-X`+!BQx=LK>tIq#wPl!yHsc)V&$Pn2!6*O+iHCQ|bKhMmDOTD3T7xVDVP;2d%@i_DgOP<I?M?4AP(R|^d#ANDCZcS+s8RI^+sf"
    "v|ynG#$poj{~jLUm@GmLNmAkr}5}Ly~A`!6jNik}4WgmjI2$0FgVm?;ti(I4aYai#Vc5xC?5WGb&JR%Hz~YP#_^vfyuO_G`zJ749aM{+5Dpt"
    "9HKZv^mJjZlu+2=Q;dZcHj(@<rez0XTy!w5SO*g_>R^&>V7@f-1(Z#%r}HNe?2$=Pgt2WW?D|fa!oK5Fa9~j+omMupiPcs|5>iWzikKYy4<*"
    "d+Zl0CLhaT(obXMM!zG;jW9QAs;;}QA;UCa4L"
)
_OWNER_LOCKED = (
    "c-oCpyKdA#6s>6HCzv8D(ZIaNwpdoMo2)>967517L@}Pn;%KoWdp1gFsrdxN2OtVQfCkY=f*u5XKxm*r2*&niv1AHt7oKy^J@?Gf9qesSFOw"
    "?_48D9l{QwBWut*QUa0t-7lS2#9M0vF=769$3g{>eBgc%r(fXz)!q`iiQ2hi=zRPX_0H6K0%Xi}_l4@sw${j;?mRN6poC!xF6WNKU-2Q3_4C"
    "NU(Ow~DzB#0v73IkQ!<Ds?bfD^5eT{UK1Cn{L1LeBPOV$L0(F2y$81D_>gm7?}M_2k$RDeePbLUi|g#*|oE`KfWXVVtnIW{&{P%e0eqboxj>"
    "Ti?6>)KmGhztF9Z@`l5Hg+7m$YRqC5#4HAIHs<Mq+bki=6tk1OSxRf20eMrMKA=~&RG!A(|P7|KUh$f*t&6eJl5Y4^HjVcX5yKpF^bSjRRwT"
    "$T~iL_y9g1IxwxR`L|6ywGvip5S^!%3RN+)^!#qDo08MgZN1!<1=a7?v)LQ_Z=J9FJLqUF1?Ln3gn79k;@Uiii~_l4Bgs(mAIv!ErbI<I*~S"
    "VFd8zfl>%2po1HXgb15T{uh(HhY`wp7!{<4F&_0WPCA$`RkpNcll44%VuL+2D~hnT?S|dj4qG_Hnucp}C$-R8P#PJ<Y=|>f4x5CD(f?4w{_f"
    "<uJUR4Go^NO6Rq2~xB%@$3*x8+eKNHCR<^"
)


def text_page(
    lines: Sequence[str], size: tuple[int, int] = A4_150_DPI, font_px: int = 36, margin: int = 80
) -> Image.Image:
    """Black lines on white, from the top left, 1.6 times ``font_px`` apart."""
    page = Image.new("RGB", size, WHITE)
    _write(page, lines, (margin, margin), font_px)
    return page


def two_column_page(
    left: Sequence[str],
    right: Sequence[str],
    header: str | None = None,
    size: tuple[int, int] = A4_150_DPI,
    font_px: int = 28,
) -> Image.Image:
    """Two columns that start level, under a header that spans both."""
    page = Image.new("RGB", size, WHITE)
    margin, top = 80, 80
    if header is not None:
        _write(page, [header], (margin, top), font_px * 2)
        top += font_px * 4
    _write(page, left, (margin, top), font_px)
    _write(page, right, (size[0] // 2 + margin // 2, top), font_px)
    return page


def receipt_page(
    items: Sequence[tuple[str, str]], size: tuple[int, int] = (620, 1000), font_px: int = 28
) -> Image.Image:
    """Items at the left edge, their prices at the right one."""
    page = Image.new("RGB", size, WHITE)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(font_px)
    for row, (item, price) in enumerate(items):
        y = 40 + row * font_px * 1.6
        draw.text((40, y), item, fill="black", font=font)
        draw.text((size[0] - 40, y), price, fill="black", font=font, anchor="ra")
    return page


def _write(page: Image.Image, lines: Iterable[str], at: tuple[int, int], font_px: int) -> None:
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(font_px)
    for row, line in enumerate(lines):
        draw.text((at[0], at[1] + row * font_px * 1.6), line, fill="black", font=font)


def saved(image: Image.Image, kind: str, more: Sequence[Image.Image] = (), **options: object) -> bytes:
    """The image in one of Pillow's formats, ``more`` images after it."""
    if more:
        options |= {"save_all": True, "append_images": [other.copy() for other in more]}
    buffer = io.BytesIO()
    image.copy().save(buffer, kind, **options)  # copies: Pillow leaves settings of the save on what it saved
    return buffer.getvalue()


def as_png(image: Image.Image) -> bytes:
    return saved(image, "PNG")


def as_jpeg(image: Image.Image, quality: int = 92) -> bytes:
    return saved(image, "JPEG", quality=quality)


def as_webp(image: Image.Image) -> bytes:
    return saved(image, "WEBP", lossless=True)


def as_bmp(image: Image.Image) -> bytes:
    return saved(image, "BMP")


def as_gif(image: Image.Image, *more: Image.Image) -> bytes:
    """A GIF; further images make it an animation."""
    return saved(image, "GIF", more)


def as_tiff(frames: Sequence[Image.Image], compression: str | None = None) -> bytes:
    """Every frame a page; ``compression`` as Pillow names it: ``group4`` (of mode 1), ``tiff_lzw``, ``jpeg``…"""
    return saved(frames[0], "TIFF", frames[1:], compression=compression)


def as_pdf(pages: Sequence[Image.Image], dpi: float = 200.0) -> bytes:
    """A scan: every page one picture."""
    return saved(pages[0], "PDF", pages[1:], resolution=dpi)


def exif_turned_jpeg(image: Image.Image, orientation: int) -> bytes:
    """A JPEG stored turned, whose EXIF orientation (1 to 8) turns it back to ``image``."""
    stored = image.transpose(_UNTURN[orientation]) if orientation in _UNTURN else image
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return saved(stored, "JPEG", quality=92, exif=exif)


def sixteen_bit_png(image: Image.Image) -> bytes:
    """16-bit greyscale over its full range."""
    grey = np.asarray(image.convert("L"), dtype=np.uint16) * 257
    return as_png(Image.fromarray(grey))


def transparent_png(image: Image.Image) -> bytes:
    """The ink on a transparent ground whose hidden colour is black, as drawing programs leave it."""
    ink = 255 - np.asarray(image.convert("L"))
    rgba = np.zeros((*ink.shape, 4), np.uint8)
    rgba[:, :, 3] = ink
    return as_png(Image.fromarray(rgba))


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The first ``share`` of a file."""
    return data[: int(len(data) * share)]


@lru_cache
def pixel_bomb_png(megapixels: int = 200) -> bytes:
    """A valid PNG of a few kilobytes that is ``megapixels`` of 1-bit black when decoded."""
    width, height = 10_000, megapixels * 100
    packer = zlib.compressobj(9)
    rows = bytes((width // 8 + 1) * 100)
    packed = b"".join(packer.compress(rows) for _ in range(height // 100)) + packer.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """Length, name, body and checksum."""
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def text_pdf(
    pages: Sequence[Sequence[str]], size: tuple[float, float] = (595, 842), rotate: int = 0, font_pt: int = 18
) -> bytes:
    """A PDF with real text in Helvetica: a list of lines for every page; ``rotate`` is the page's ``/Rotate``."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 {size[0]} {size[1]}] /Rotate {rotate} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, lines in enumerate(pages):
        shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
        stream = f"BT /F1 {font_pt} Tf {font_pt * 1.6} TL 40 {size[1] - 60} Td {shown} ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return pdf_of(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def pdf_of(objects: Sequence[str]) -> bytes:
    """A PDF of hand-written objects; the first is the catalog, numbers count from 1."""
    parts, offsets, length = [b"%PDF-1.4\n"], [], 9
    for number, body in enumerate(objects, 1):
        offsets.append(length)
        parts.append(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
        length += len(parts[-1])
    entries = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    parts.append(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{entries}".encode())
    parts.append(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{length}\n%%EOF\n".encode())
    return b"".join(parts)


@lru_cache
def many_page_pdf(pages: int = 10_000) -> bytes:
    """A PDF of small pages that say ``Page 1``, ``Page 2``, …"""
    return text_pdf([[f"Page {number}"] for number in range(1, pages + 1)], size=(240, 120))


def encrypted_pdf() -> bytes:
    """A PDF that opens with :data:`PDF_PASSWORD` alone."""
    return zlib.decompress(base64.b85decode(_USER_LOCKED))


def owner_locked_pdf() -> bytes:
    """A PDF that anyone may open, and whose owner's password guards only its rights."""
    return zlib.decompress(base64.b85decode(_OWNER_LOCKED))


def count_pages(data: bytes, limits: Limits) -> int:
    """Pages of a document, as the decoder counts them."""
    with open_document(data, limits) as document:
        return document.page_count
