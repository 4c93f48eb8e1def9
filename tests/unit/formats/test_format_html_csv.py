from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given, settings

from ocrq.contracts import Page
from tests.unit.formats.format_samples import Pictures, any_page, failed, line, part, table_of, tree_of
from worker.formats import RenderOptions, render

VOID = {"meta", "br"}


class Nested(HTMLParser):
    """Checks that every element that begins also ends, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def body(*pages: Page, furniture: bool = False) -> str:
    document = render("html", pages, Pictures(), RenderOptions(furniture=furniture))
    parser = Nested()
    parser.feed(document)
    parser.close()
    assert not parser.open
    return document.partition("<body>\n")[2].partition("\n</body>")[0]


def test_blocks_become_the_elements_that_html_has_for_them() -> None:
    page = tree_of(
        part("header", "Monthly"),
        part("title", "A <b> & c"),
        part("heading", "Part", level=2),
        part("text", "Run"),
        part("text", "on."),
        part("figure", "N W", box=((0, 0), (1, 0), (1, 1), (0, 1))),
        part("caption", "Figure 1"),
        part("form", "Name: Ada", "Born: 1815"),
        part("code", line("a", 0, 0, 10), line("b", 20, 40, 10)),
        part("footnote", "1 See there."),
        part("checkbox", "Yes", checked=True),
        part("formula", "x", latex="x < y"),
    )
    assert body(page).split("\n") == [
        "<h1>A &lt;b&gt; &amp; c</h1>",
        "<h2>Part</h2>",
        "<p>Run on.</p>",
        "<figure><p>N W</p><figcaption>Figure 1</figcaption></figure>",
        '<p class="form">Name: Ada<br>',
        "Born: 1815</p>",
        "<pre><code>a",
        "  b</code></pre>",
        '<p class="footnote">1 See there.</p>',
        '<p class="checkbox">☑ Yes</p>',
        '<p class="formula">\\[x &lt; y\\]</p>',
    ]
    assert body(page, furniture=True).startswith('<p class="header">Monthly</p>')


def test_a_tables_caption_and_spans_are_its_own() -> None:
    table = table_of(["Year", "~", "n"], ["a", "b", "c"], headers=1, spans={(0, 0): (1, 2)})
    assert body(tree_of(part("caption", "Table 1"), part("table", "x", table=table))) == (
        '<table>\n<caption>Table 1</caption>\n<thead>\n<tr><th colspan="2">Year</th><th>n</th></tr>\n</thead>\n'
        "<tbody>\n<tr><td>a</td><td>b</td><td>c</td></tr>\n</tbody>\n</table>"
    )


def test_lists_are_nested_and_keep_their_numbers() -> None:
    page = tree_of(
        part("list_item", line("• one", 50, 100, 100)),
        part("list_item", line("2. two", 90, 140, 100)),
        part("list_item", line("3. three", 90, 180, 100)),
        part("list_item", line("• four", 50, 220, 100)),
    )
    assert body(page) == (
        '<ul>\n<li>one\n<ol start="2">\n<li>two</li>\n<li>three</li>\n</ol></li>\n<li>four</li>\n</ul>'
    )


def test_a_failed_page_is_a_notice() -> None:
    assert body(failed()).startswith('<p class="notice">Page 3 could not be read: the frame is &lt;damaged&gt;;')


@settings(max_examples=100, deadline=None)
@given(any_page)
def test_any_page_gives_html_whose_elements_are_nested(page: Page) -> None:
    body(page, furniture=True)


def test_csv_has_all_tables_with_an_empty_line_between() -> None:
    first = table_of(["a", 'b "c"'], ["1,5", "x\ny"])
    second = table_of(["Year", "~"], ["2025", "2026"], spans={(0, 0): (1, 2)})
    pages = tree_of(part("table", "x", table=first), part("text", "between")), tree_of(part("table", "x", table=second))
    assert render("csv", pages, Pictures()) == ('a,"b ""c"""\r\n"1,5",x y\r\n\r\nYear,\r\n2025,2026\r\n')


def test_csv_of_a_document_without_tables_is_empty() -> None:
    assert render("csv", [tree_of(part("text", "none"))], Pictures()) == ""
