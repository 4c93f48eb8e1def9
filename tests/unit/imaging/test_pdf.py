"""PDF pages are rendered as a reader would see them, one at a time, within the limits."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ocrq.errors import TooLarge, UnreadableDocument
from tests.documents import (
    as_pdf,
    count_pages,
    encrypted_pdf,
    many_page_pdf,
    owner_locked_pdf,
    pdf_of,
    text_page,
    text_pdf,
    truncated,
)
from tests.flag import LIMITS, first_page
from worker.imaging.decode import Limits, open_document
from worker.imaging.pdf import MIN_DPI, fitting_dpi

A4_POINTS = (595.28, 841.89)


def ink(data: bytes, limits: Limits = LIMITS) -> np.ndarray:
    """Where the first page is dark, as a mask."""
    return first_page(data, limits).pixels.min(axis=2) < 128


def centre(mask: np.ndarray) -> tuple[float, float]:
    """Where the ink is: shares of the width and the height."""
    ys, xs = np.nonzero(mask)
    return float(xs.mean() / mask.shape[1]), float(ys.mean() / mask.shape[0])


def test_a_page_is_rendered_at_the_resolution_it_says() -> None:
    page = first_page(text_pdf([["hello"]], size=A4_POINTS))
    assert (page.width, page.height, page.dpi) == (1654, 2339, 200.0)
    assert first_page(text_pdf([["hello"]], size=A4_POINTS), Limits(pdf_dpi=100)).dpi == 100.0


def test_a_scan_keeps_its_pixels() -> None:
    scan = text_page(["a scan of 200 dpi"] * 8, size=(1001, 503), font_px=24)
    page = first_page(as_pdf([scan], dpi=200))
    assert (page.width, page.height) == scan.size
    off = np.abs(page.pixels[:, :, ::-1].astype(int) - np.asarray(scan))
    assert off.mean() < 1.0


def test_every_page_of_a_long_pdf_is_reached_at_once() -> None:
    with open_document(many_page_pdf(10_000), LIMITS) as document:
        assert document.page_count == 10_000
        first, last = document.read_page(1), document.read_page(10_000)
    assert (first.number, last.number) == (1, 10_000)
    assert (last.pixels < 128).sum() > (first.pixels < 128).sum()  # "Page 10000" has more ink than "Page 1"


@pytest.mark.parametrize(
    ("rotate", "where"), [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")]
)
def test_a_pages_own_turn_is_respected(rotate: int, where: str) -> None:
    mask = ink(text_pdf([["TURN"]], size=(400, 300), rotate=rotate))
    x, y = centre(mask)
    assert f"{'top' if y < 0.5 else 'bottom'} {'left' if x < 0.5 else 'right'}" == where
    assert (mask.shape[1] > mask.shape[0]) == (rotate % 180 == 0)


def test_annotations_and_form_fields_are_drawn() -> None:
    look = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 50 50] /Length 22 >>\nstream\n0 0 0 rg 0 0 50 50 re f\nendstream"
    )
    place = "/Rect [20 20 70 70] /AP << /N 4 0 R >> /F 4"
    stamp = f"<< /Type /Annot /Subtype /Stamp {place} >>"
    field = f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (1) /P 3 0 R {place} >>"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Annots [5 0 R] >>"
    pages = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    for annotation, form in ((stamp, ""), (field, "/AcroForm << /Fields [5 0 R] >>")):
        catalog = f"<< /Type /Catalog /Pages 2 0 R {form} >>"
        mask = ink(pdf_of([catalog, pages, page, look, annotation]))
        assert mask.mean() == pytest.approx(0.25, abs=0.03)


def test_a_pdf_with_a_users_password_is_refused_with_the_remedy() -> None:
    with pytest.raises(UnreadableDocument, match="locked with a password; send it without one") as caught:
        open_document(encrypted_pdf(), LIMITS)
    assert caught.value.field == "image"


def test_a_pdf_with_only_an_owners_password_is_read() -> None:
    assert ink(owner_locked_pdf()).sum() > 1000


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_truncated_pdf_is_unreadable(share: float) -> None:
    with pytest.raises(UnreadableDocument, match="send it again"):
        open_document(truncated(text_pdf([["one"], ["two"]]), share), LIMITS)


def test_rubbish_before_and_after_a_pdf_does_no_harm() -> None:
    assert count_pages(b"\r\nX-Header: 1\r\n\r\n" + text_pdf([["one"], ["two"]]) + bytes(5000), LIMITS) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\n%%EOF",
        b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\n%%EOF",
        pdf_of(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"]),
        pdf_of(["<< /Type /Catalog >>"]),
    ],
    ids=["empty", "rubbish", "no pages", "no page tree"],
)
def test_a_pdf_without_pages_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableDocument):
        open_document(data, LIMITS)


def test_a_damaged_page_fails_alone() -> None:
    damaged = text_pdf([["one"], ["two"], ["three"]]).replace(
        b"6 0 obj\n<< /Type /Page /", b"6 0 obj\n[[ /Type /Xage /"
    )
    with open_document(damaged, LIMITS) as document:
        assert document.page_count == 3
        with pytest.raises(UnreadableDocument, match="page 2 of the PDF is truncated or damaged") as caught:
            document.read_page(2)
        assert caught.value.field == "image"
        assert (document.read_page(3).pixels < 128).any()


def test_a_page_tree_that_goes_in_circles_ends() -> None:
    data = pdf_of(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 3 >>"])
    with pytest.raises(UnreadableDocument), open_document(data, LIMITS) as document:
        document.read_page(1)


def test_a_poster_is_rendered_coarser_and_says_so() -> None:
    limits = Limits(max_pixels=1_000_000, pdf_page_pixels=1_000_000)
    page = first_page(text_pdf([["poster"]], size=A4_POINTS), limits)
    assert page.width * page.height <= 1_000_000
    assert page.dpi is not None
    assert 100 < page.dpi < 110
    assert page.width == pytest.approx(A4_POINTS[0] * page.dpi / 72, abs=1.5)


def test_a_page_too_large_even_so_is_refused() -> None:
    with open_document(text_pdf([["big"]], size=(14_400, 14_400)), Limits(max_pixels=10_000_000)) as document:
        with pytest.raises(TooLarge, match="send it at a lower resolution") as caught:
            document.read_page(1)
        assert caught.value.field == "image"


@pytest.mark.parametrize("points", [(1.0, 1.0), A4_POINTS, (3000.0, 4000.0), (200.0, 14_400.0)])
@pytest.mark.parametrize("most", [10_000, 1_000_000, 100_000_000])
def test_the_fitting_resolution_fits(points: tuple[float, float], most: int) -> None:
    limits = Limits(max_pixels=most)
    try:
        dpi = fitting_dpi(*points, limits)
    except TooLarge:
        assert points[0] * points[1] * (MIN_DPI / 72) ** 2 > most * 0.99
    else:
        assert MIN_DPI <= dpi <= 200
        assert points[0] * points[1] * (dpi / 72) ** 2 <= most


def test_threads_can_read_different_pdfs_at_once() -> None:
    found: list[int] = []

    def read() -> None:
        for _ in range(4):
            with open_document(text_pdf([["thread"], ["safe"]], size=(200, 100)), LIMITS) as document:
                found.extend(int((document.read_page(number).pixels < 128).sum()) for number in (1, 2))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 48
    assert len(set(found)) == 2
