from __future__ import annotations

from ocrq.contracts import Block, BlockType, Line, Page
from worker.layout.furniture import mark_furniture

Row = tuple[str, float]


def page_of(number: int, *blocks: tuple[BlockType, list[Row]]) -> Page:
    """A page of blocks; each row is a line with its top, in pixels of a page of 1000."""
    lines: list[Line] = []
    made = []
    for kind, rows in blocks:
        first = len(lines)
        for text, top in rows:
            right, bottom = 100 + 10 * len(text), top + 20
            lines.append(
                Line(text=text, confidence=0.9, box=((100, top), (right, top), (right, bottom), (100, bottom)))
            )
        text = "\n".join(text for text, _ in rows)
        made.append(Block(type=kind, text=text, lines=list(range(first, len(lines)))))
    text = "\n\n".join(block.text for block in made)
    return Page(page=number, width=800, height=1000, text=text, confidence=0.9, lines=lines, blocks=made)


def types(page: Page) -> list[tuple[str, str]]:
    return [(block.type, block.text) for block in page.blocks]


def chapter(number: int, *rows: Row, body: str = "Body of page") -> Page:
    return page_of(
        number,
        ("text", [("Annual report 2025", 20)]),
        ("text", [(f"{body} {['one', 'two', 'three', 'four'][number - 1]}", 400), *rows]),
        ("text", [(f"– {number + 10} –", 960)]),
    )


def test_rows_at_the_same_place_on_several_pages_are_headers_and_counting_ones_page_numbers() -> None:
    first, second = mark_furniture([chapter(1), chapter(2)])
    assert types(first) == [
        ("header", "Annual report 2025"),
        ("text", "Body of page one"),
        ("page_number", "– 11 –"),
    ]
    assert types(second)[0] == ("header", "Annual report 2025")
    assert first.text == "Annual report 2025\n\nBody of page one\n\n– 11 –"


def test_a_header_that_stands_in_a_block_with_text_gets_one_of_its_own() -> None:
    pages = [
        page_of(number, ("text", [(f"Report, page {number}", 20), (f"begins {word}", 50), (f"and ends {word}", 950)]))
        for number, word in ((1, "here"), (2, "there"))
    ]
    first, _ = mark_furniture(pages)
    assert types(first) == [("header", "Report, page 1"), ("text", "begins here\nand ends here")]
    assert sorted(index for block in first.blocks for index in block.lines) == [0, 1, 2]
    assert first.text == "Report, page 1\n\nbegins here\nand ends here"


def test_equal_rows_in_the_middle_and_different_rows_at_the_edge_stay_text() -> None:
    pages = [chapter(1, ("Total", 500)), chapter(2, ("Total", 500))]
    assert all(
        block.type != "header" for page in mark_furniture(pages) for block in page.blocks if "Total" in block.text
    )
    titles = [page_of(1, ("text", [("Apples", 20)])), page_of(2, ("text", [("Pears", 20)]))]
    assert mark_furniture(titles) == titles


def test_a_single_page_and_pages_without_places_are_left_alone() -> None:
    assert mark_furniture([chapter(1)]) == [chapter(1)]
    bare = [Page(page=number, width=10, height=10, text="Same") for number in (1, 2)]
    assert mark_furniture(bare) == bare


def test_left_and_right_pages_may_have_headers_of_their_own() -> None:
    pages = [
        page_of(n, ("text", [("Left" if n % 2 else "Right", 20)]), ("text", [(f"b{n}", 500), ("c", 900)]))
        for n in range(1, 5)
    ]
    assert [page.blocks[0].type for page in mark_furniture(pages)] == ["header"] * 4


def test_rows_far_from_the_pages_edges_stay_text_even_if_they_are_the_first_and_the_last() -> None:
    pages = [
        page_of(number, ("text", [("Greetings", 300), (f"from {number}", 400), ("Ada", 600)])) for number in (1, 2)
    ]
    assert mark_furniture(pages) == pages


def test_a_header_of_the_first_page_alone_is_a_heading() -> None:
    first = page_of(1, ("header", [("The Evolution", 20)]), ("header", [("Volume 3", 30)]), ("text", [("Body", 500)]))
    second, third = (page_of(number, ("text", [(f"More {number}", 500)])) for number in (2, 3))
    found = mark_furniture([first, second, third])[0].blocks
    assert [(block.type, block.level) for block in found] == [("heading", 1), ("header", None), ("text", None)]
    assert mark_furniture([first]) == [first]
    running = page_of(2, ("header", [("The Evolution, continued", 20)]), ("text", [("More", 500)]))
    assert mark_furniture([first, running])[0].blocks[0].type == "header"


def test_tables_and_titles_stay_what_they_are() -> None:
    pages = [
        page_of(n, ("title", [("Invoice", 20)]), ("table", [("Sum", 950)]), ("text", [("x", 500)])) for n in (1, 2)
    ]
    assert mark_furniture(pages) == pages


def test_a_large_header_of_a_page_alone_is_its_title_and_a_small_one_is_not() -> None:
    page = page_of(1, ("header", [("Notice to all", 20)]), ("text", [("Body of the page", 400)]))
    (small,) = mark_furniture([page])
    assert types(small)[0][0] == "header"
    left, top = 100, 20
    box = ((left, top), (400, top), (400, top + 40), (left, top + 40))
    larger = page.model_copy(update={"lines": [page.lines[0].model_copy(update={"box": box}), page.lines[1]]})
    (titled,) = mark_furniture([larger])
    assert [(block.type, block.level) for block in titled.blocks] == [("heading", 1), ("text", None)]
    with_title = larger.model_copy(
        update={"blocks": [larger.blocks[0], larger.blocks[1].model_copy(update={"type": "title"})]}
    )
    assert mark_furniture([with_title])[0].blocks[0].type == "header"
