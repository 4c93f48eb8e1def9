"""HTML: the document as it is read, in a page of its own without styles and scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ocrq.contracts import Page
from worker.formats.elements import Element, elements_of
from worker.formats.html_table import table_html, text_html
from worker.formats.lists import BULLET
from worker.formats.markup import printable
from worker.formats.protocols import PageSources, RenderOptions
from worker.layout.text import BOX_CHECKED, BOX_EMPTY

binary = False


def render(pages: Sequence[Page], sources: PageSources, options: RenderOptions) -> bytes:
    """One document, complete with its head. A page that could not be read is a paragraph of class ``notice``."""
    elements = elements_of(pages, options)
    title = next((" ".join(element.lines) for element in elements if element.type == "title"), "OCR result")
    head = f'<head>\n<meta charset="utf-8">\n<title>{text_html(title)}</title>\n</head>'
    body = "\n".join(_body(elements))
    return f"<!DOCTYPE html>\n<html>\n{head}\n<body>\n{body}\n</body>\n</html>\n".encode()


def _body(elements: Sequence[Element]) -> Iterator[str]:
    index = 0
    while index < len(elements):
        element = elements[index]
        following = elements[index + 1] if index + 1 < len(elements) else None
        if element.type == "list_item":
            end = index
            while end < len(elements) and elements[end].type == "list_item":
                end += 1
            yield from _lists(elements[index:end], 0)
            index = end
        elif element.type == "figure" and following and following.type == "caption":
            yield _figure(element, following)
            index += 2
        elif element.type == "caption" and following and following.table is not None:
            yield table_html(following.table, " ".join(element.lines))
            index += 2
        else:
            yield _element(element)
            index += 1


def _element(element: Element) -> str:
    content = "<br>\n".join(map(text_html, element.lines))
    match element.type:
        case "title":
            return f"<h1>{content}</h1>"
        case "heading":
            return f"<h{element.level}>{content}</h{element.level}>"
        case "table" if element.table is not None:
            return table_html(element.table)
        case "figure":
            return _figure(element, None)
        case "formula" if element.latex:
            return f'<p class="formula">\\[{text_html(element.latex)}\\]</p>'
        case "code":
            text = "\n".join(element.lines)
            return f"<pre><code>{_escaped_lines(text)}</code></pre>"
        case "checkbox":
            return f'<p class="checkbox">{BOX_CHECKED if element.checked else BOX_EMPTY} {content}</p>'
        case "text":
            return f"<p>{content}</p>"
        case _:
            return f'<p class="{element.type}">{content}</p>'


def _figure(figure: Element, caption: Element | None) -> str:
    """A placeholder; what stands in the picture is its text."""
    content = text_html(" ".join(figure.lines))
    parts = [f"<p>{content}</p>"] if content else []
    if caption:
        parts.append(f"<figcaption>{text_html(' '.join(caption.lines))}</figcaption>")
    return f"<figure>{''.join(parts)}</figure>"


def _lists(items: Sequence[Element], depth: int) -> Iterator[str]:
    """Lists of items at a depth and below it; one ends where its kind of marker does or its numbers do not follow."""
    index = 0
    while index < len(items):
        first = (items[index].marker or BULLET).number
        yield "<ul>" if first is None else f'<ol start="{first}">' if first != 1 else "<ol>"
        number = first
        while index < len(items) and (items[index].marker or BULLET).number == number:
            end = index + 1
            while end < len(items) and items[end].level > depth:
                end += 1
            nested = "\n".join(_lists(items[index + 1 : end], depth + 1))
            content = "<br>\n".join(map(text_html, items[index].lines))
            yield f"<li>{content}\n{nested}</li>" if nested else f"<li>{content}</li>"
            index = end
            number = None if number is None else number + 1
        yield "</ul>" if first is None else "</ol>"


def _escaped_lines(text: str) -> str:
    return "\n".join(printable(line).replace("&", "&amp;").replace("<", "&lt;") for line in text.split("\n"))
