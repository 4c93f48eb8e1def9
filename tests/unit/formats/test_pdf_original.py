"""`pdf` output of a PDF: the original, with invisible text on the pages that lack it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import pikepdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name, Pdf

from ocrq.contracts import Line, Page
from tests.documents import text_pdf
from tests.unit.formats.format_samples import Pictures
from tests.unit.imaging.layered import layered_pdf
from worker.formats import render
from worker.formats.pdf_original import with_text
from worker.imaging.decode import Limits, open_document
from worker.imaging.text_layer import TextLayer

WIDTH, HEIGHT = 1240, 1754
WORDS = "Scanned words 5521"


class Original(Pictures):
    """A PDF, opened as the runner does."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def original(self) -> bytes | None:
        return self.data

    def layer(self, number: int) -> TextLayer | None:
        with open_document(self.data, Limits()) as document:
            return document.read_layer(number)


def line(text: str, x: float, y: float) -> Line:
    return Line(text=text, confidence=0.9, box=((x, y), (x + 400, y), (x + 400, y + 40), (x, y + 40)))


def page(number: int, *lines: Line, source: str | None = "ocr", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Page:
    width, height = size
    return Page(
        page=number,
        width=width,
        height=height,
        dpi=150,
        text="",
        lines=list(lines),
        text_source=source,  # type: ignore[arg-type]
    )


def two_pages(rotate: int = 0) -> bytes:
    """A vector drawing with a link and metadata, and a page without anything."""
    pdf = Pdf.new()
    for _ in range(2):
        pdf.add_blank_page(page_size=(595, 842))
    first = pdf.pages[0]
    first.Contents = pdf.make_stream(b"1 0 0 RG 5 w 100 100 m 400 700 l S")
    link = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=[10, 10, 90, 30], A=Dictionary(S=Name.URI, URI="https://a.example")
    )
    first.Annots = pikepdf.Array([pdf.make_indirect(link)])
    first.Rotate = rotate
    first.CropBox = [20, 30, 575, 812]
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Annual accounts"
        metadata["pdfaid:part"] = "2"
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def written(data: bytes, pages: Sequence[Page]) -> bytes:
    return base64.b64decode(render("pdf", pages, Original(data)))


def found_at(data: bytes, number: int, text: str) -> tuple[float, float]:
    """Where a search finds a text on the page as it is shown: left and top in points."""
    shown = pypdfium2.PdfDocument(data)[number - 1]
    layer = shown.get_textpage()
    found = layer.search(text).get_next()
    assert found is not None, layer.get_text_range()
    left, _, _, top = layer.get_charbox(found[0], loose=True)
    return shown_place(shown, left, top)


def shown_place(shown: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    left, bottom, right, top = shown.get_cropbox()
    return {
        0: (x - left, top - y),
        90: (y - bottom, x - left),
        180: (right - x, y - bottom),
        270: (top - y, right - x),
    }[shown.get_rotation()]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_text_stands_where_it_is_seen_however_the_page_is_turned(rotate: int) -> None:
    data = two_pages(rotate)
    with open_document(data, Limits()) as document:
        picture = document.read_page(1)
    x, y = 0.25 * picture.width, 0.5 * picture.height
    size = (picture.width, picture.height)
    result = written(data, [page(1, line(WORDS, x, y), size=size), page(2)])
    shown = pypdfium2.PdfDocument(result)[0]
    place = (0.25 * shown.get_width(), 0.5 * shown.get_height())
    assert found_at(result, 1, "Scanned") == pytest.approx(place, abs=40)


@pytest.mark.parametrize(
    ("intact", "damage"),
    [(b"/Parent 2 0 R", b"/Parent 2    "), (b"/Rotate 0", b"/Rotate 7"), (b"/Rotate 0", b"/Rotate[]")],
)
def test_a_damaged_tree_of_pages_costs_no_text(intact: bytes, damage: bytes) -> None:
    data = text_pdf(["of its own"])
    assert intact in data
    result = written(data.replace(intact, damage), [page(1, line(WORDS, 200, 200))])
    assert "Scanned" in pypdfium2.PdfDocument(result)[0].get_textpage().get_text_range()


def test_a_page_that_was_not_read_can_leave_a_tree_without_a_count() -> None:
    data = text_pdf(["first", "second"]).replace(b"/Count", b"/Cuont")
    result = written(data, [page(1, line(WORDS, 200, 200))])
    assert "Scanned" in pypdfium2.PdfDocument(result)[0].get_textpage().get_text_range()


def test_a_pdf_that_only_the_decoder_opens_is_made_of_pictures() -> None:
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_pdf(["locked"]))) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="owner", user="user"))
    assert with_text(locked.getvalue(), [page(1)], Original(locked.getvalue())) is None


def test_the_drawing_the_link_and_the_metadata_are_kept() -> None:
    data = two_pages()
    result = written(data, [page(1, line(WORDS, 200, 200)), page(2)])
    before, after = (pypdfium2.PdfDocument(one)[0].render(scale=1).to_numpy() for one in (data, result))
    assert (before == after).all()
    with pikepdf.open(io.BytesIO(result)) as pdf:
        assert str(pdf.pages[0].Annots[0].A.URI) == "https://a.example"
        assert len(pdf.pages[0].get("/Resources").get("/XObject", {})) == 0  # no picture of the page
        metadata = pdf.open_metadata()
        assert (metadata["dc:title"], metadata["pdfaid:part"]) == ("Annual accounts", "2")
        assert pdf.check_pdf_syntax() == []


def test_a_page_with_text_of_its_own_is_left_alone() -> None:
    data = layered_pdf(["Payable within 30 days"])
    result = written(data, [page(1, line("Payable within 30 days", 80, 100), source="layer")])
    text = pypdfium2.PdfDocument(result)[0].get_textpage().get_text_range()
    assert text.count("Payable") == 1


def test_only_what_stands_in_pictures_is_added_to_a_mixed_page() -> None:
    data = layered_pdf(["Payable within 30 days"])
    with open_document(data, Limits()) as document:
        picture, layer = document.read_page(1), document.read_layer(1)
    assert layer is not None
    own = layer.lines[0]
    known = Line(text=own.text, confidence=0.999, box=own.corners)
    size = (picture.width, picture.height)
    result = written(data, [page(1, known, line(WORDS, 200, 0.7 * picture.height), source="mixed", size=size)])
    text = pypdfium2.PdfDocument(result)[0].get_textpage().get_text_range()
    assert text.count("Payable") == 1
    assert WORDS in text


def test_pages_that_were_not_asked_for_are_left_out() -> None:
    result = written(two_pages(), [page(2, line(WORDS, 200, 200))])
    document = pypdfium2.PdfDocument(result)
    assert len(document) == 1
    assert WORDS in document[0].get_textpage().get_text_range()


def test_a_pdf_that_cannot_be_changed_becomes_pictures() -> None:
    result = written(b"%PDF-1.7 broken", [page(1, line(WORDS, 200, 200))])
    assert len(pypdfium2.PdfDocument(result)) == 1
