"""ALTO 4.4 XML: pages, blocks with their roles as tags, lines, strings and spaces, in pixels.

Schema: https://github.com/altoxml/schema/blob/master/v4/alto-4-4.xsd
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from ocrq import __version__
from ocrq.contracts import Block, Box, Line, Page, Word
from worker.formats.failures import notice_of
from worker.formats.markup import document, element, number
from worker.formats.page_lines import is_right_to_left, words_of
from worker.formats.protocols import PageSources, RenderOptions
from worker.formats.tree import block_lines, blocks_of, members
from worker.geometry import LEVEL, Bounds, angle_of, bounds_of, text_angle, union

binary = False

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
SCHEMA = f"{NAMESPACE} https://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One ALTO document for all pages.

    What has no known place has no HPOS, VPOS, WIDTH and HEIGHT. A page that could not be read has an empty print
    space and says why in QUALITY_DETAIL.
    """
    alto = element(
        None,
        "alto",
        SCHEMAVERSION="4.4",
        **{
            "xmlns": NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": SCHEMA,
        },
    )
    _describe(alto)
    _add_tags(alto, pages)
    layout = element(alto, "Layout")
    for page in pages:
        _add_page(layout, page)
    return document(alto)


def _describe(alto: Element) -> None:
    description = element(alto, "Description")
    element(description, "MeasurementUnit", "pixel")
    step = element(description, "Processing", ID="ocr")
    element(step, "processingCategory", "contentGeneration")
    software = element(step, "processingSoftware")
    element(software, "softwareName", "ocrq")
    element(software, "softwareVersion", __version__)


def _add_page(layout: Element, page: Page) -> None:
    size = {"WIDTH": page.width, "HEIGHT": page.height}
    node = element(
        layout,
        "Page",
        ID=f"page_{page.page}",
        PHYSICAL_IMG_NR=page.page,
        **size,
        PROCESSINGREFS="ocr",
        QUALITY_DETAIL=notice_of(page),
        PC=None if page.error else page.confidence,
        ROTATION=_turn(page),
    )
    space = element(node, "PrintSpace", HPOS=0, VPOS=0, **size)
    if page.error:
        return
    for index, (block, lines) in enumerate(block_lines(page), start=1):
        _add_block(space, page, block, lines, f"{page.page}_{index}")


def _add_tags(alto: Element, pages: Sequence[Page]) -> None:
    """One tag for each type of block in the document."""
    types = sorted({block.type for page in pages if not page.error for block in blocks_of(page)})
    if types:
        tags = element(alto, "Tags")
        for role in types:
            element(tags, "StructureTag", ID=f"tag_{role}", LABEL=role)


def _add_block(space: Element, page: Page, block: Block, lines: Sequence[Line], name: str) -> None:
    """A text block or, of a table, a composed one with a text block for each cell; a figure is an illustration."""
    whole = _place(page, [block.box] if block.box else [line.box for line in lines])
    tag = f"tag_{block.type}"
    if block.table is not None:
        table = element(space, "ComposedBlock", ID=f"block_{name}", TAGREFS=tag, **whole, TYPE="table")
        for index, cell in enumerate(block.table.cells, start=1):
            if content := members(page, cell.lines):
                place = _place(page, [cell.box] if cell.box else [line.box for line in content])
                _add_text(table, page, content, f"{name}_{index}", place)
    elif block.type == "figure":
        figure = element(space, "ComposedBlock", ID=f"block_{name}", TAGREFS=tag, **whole, TYPE="figure")
        element(figure, "Illustration", ID=f"picture_{name}", **whole)
        if lines:
            _add_text(figure, page, lines, f"{name}_1", _place(page, [line.box for line in lines]))
    elif lines:
        _add_text(space, page, lines, name, whole, TAGREFS=tag)


def _add_text(
    space: Element, page: Page, lines: Sequence[Line], name: str, place: dict[str, float], **more: str
) -> None:
    prefix = "block" if more else "text"
    block = element(space, "TextBlock", ID=f"{prefix}_{name}", **place, **more)
    for index, line in enumerate(lines, start=1):
        _add_line(block, page, line, f"{name}_{index}")


def _turn(page: Page) -> float | None:
    angle = -text_angle(page) % 360  # ALTO counts counter-clockwise
    return round(angle, 2) % 360 or None


def _add_line(block: Element, page: Page, line: Line, name: str) -> None:
    node = element(
        block,
        "TextLine",
        ID=f"line_{name}",
        **_place(page, [line.box]),
        BASELINE=_baseline(line.box),
        BASEDIRECTION="rtl" if is_right_to_left(line.text) else None,
    )
    before: Word | None = None
    for index, word in enumerate(words_of(line), start=1):
        if before is not None:
            element(node, "SP", **_gap(page, before.box, word.box))
        place = _place(page, [word.box])
        element(node, "String", ID=f"string_{name}_{index}", **place, CONTENT=word.text, WC=word.confidence)
        before = word


def _place(page: Page, boxes: Iterable[Box | None]) -> dict[str, float]:
    around = union(bounds_of(box) for box in boxes if box)
    return _attributes(around.clipped(page.width, page.height)) if around else {}


def _gap(page: Page, before: Box | None, after: Box | None) -> dict[str, float]:
    """The space between two words of a line that is about level, however it is read; else no place."""
    if before is None or after is None or abs(angle_of(before)) > LEVEL:
        return {}
    first, second = sorted((bounds_of(before), bounds_of(after)), key=lambda bounds: bounds.left)
    space = Bounds(first.right, min(first.top, second.top), second.left, max(first.bottom, second.bottom))
    return _attributes(space.clipped(page.width, page.height)) if space.width > 0 else {}


def _attributes(bounds: Bounds) -> dict[str, float]:
    return {"HPOS": bounds.left, "VPOS": bounds.top, "WIDTH": bounds.width, "HEIGHT": bounds.height}


def _baseline(box: Box | None) -> str | None:
    return box and " ".join(f"{number(x)},{number(y)}" for x, y in (box[3], box[2]))
