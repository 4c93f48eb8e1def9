"""Postal addresses: blocks of lines with streets, numbers, postcodes and places."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds.names import LEGAL_FORM, REGISTRATION, TRADE, is_registration, is_title
from worker.fields.kinds.places import corrected, has_postcode, is_town, names_region
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.vocabulary import words

MAX_LINES = 7
NEAR = 1.9
"""Lines of a block stand at most so many line heights apart, centre to centre."""

ROWS = 6
"""Rows below a line among which its next one is: slanted neighbours may stand between."""

BESIDE = 2.5
"""Pieces of one line that was read in parts stand at most so many line heights apart."""

_STREET = re.compile(
    rf"(?<![^\W_])(?:{words('streets')})(?![^\W_])|jalan|persiaran|(?<![^\W_])(?:taman|lorong)(?=[a-z])|"
    rf"(?:{words('street_endings')})"
    r"(?![^\W_])|[a-z](?:street|road|avenue|lane)(?![^\W_])"
)
_NUMBERED = re.compile(rf"(?<![^\W_])(?:{words('numbered_streets')})\.?(?![^\W_])")
_BUILDING = re.compile(rf"(?<![^\W_])(?:{words('buildings')})(?![^\W_])")
_HOUSE = re.compile(
    r"\W*(?:(?:no|lot|pt|unit|shop|block|blk|level|suite|km)\b[\s.:#-]*)*[a-z]{0,3}-?\d[\w/&. ()-]{0,12}\b"
)
"""A house, lot or unit number that a line begins with."""

_END = re.compile(
    rf"[\s(\[,;]{{0,6}}(?:(?<![^\W_])(?:{words('address_ends')})(?![^\W_])|"
    r"\bmain\W{0,2}\d|@|:\s{0,4}\d|[^\W\d_]+\s?:|\d{2}:\d{2})"
)
_LABEL = re.compile(r"\W*(?:address|addr|add|anschrift|adresse|alamat|direccion|indirizzo|endereco)\s*[:;.]\s*")
_NUMBER_SIGN = re.compile(r"\b((?:no|lot|unit|blk|block|level|km|pt)\s?)[.:;]+(?=\s*\w)")


def is_certainly(folded: str) -> bool:
    """Whether a line can hardly be anything but part of an address: a street with a number, a postcode's town."""
    numbered = bool(re.search(r"\d", folded)) and bool(_STREET.search(folded) or _BUILDING.search(folded))
    return numbered or _is_numbered(folded) or _is_placed(folded)


def find(layout: LayoutPage) -> list[Candidate]:
    """Blocks of lines that read as an address."""
    found, taken = [], set[int]()
    owner = _owner(layout)
    for line in sorted(layout.lines, key=lambda line: (line.page, line.rect.middle)):
        if line.index in taken or not _begins(layout, line, owner):
            continue
        block = _block(layout, line)
        taken |= {part.index for part in block}
        spans = tuple(Span(part.index, *_stretch(part)) for part in block)
        text = Candidate("", spans).text(layout)
        found.append(Candidate(corrected(re.sub(r"\s+", " ", text)).strip(" ,;:"), spans, _plausibility(layout, block)))
    return found


def _is_numbered(folded: str) -> bool:
    return bool(_NUMBERED.search(folded) and re.search(r"\d", folded) and re.search(r"[a-z]{3}", folded))


def _is_placed(folded: str) -> bool:
    return has_postcode(folded) and (bool(re.search(r"[a-z]{2}", folded)) or names_region(folded))


def _owner(layout: LayoutPage) -> int:
    """The first line of the document that may be its owner's name: no title, and not surely a street."""
    top = sorted(layout.lines[:12], key=lambda line: (line.page, line.row, line.rect.left))
    named = (
        line.index
        for line in top
        if re.search(r"[a-z]{3}", line.folded) and not is_title(line.folded) and not _LABEL.match(line.folded)
    )
    first = next(named, -1)
    return (
        -1
        if first >= 0 and is_certainly(layout.lines[first].folded) and _HOUSE.match(layout.lines[first].folded)
        else first
    )


def _begins(layout: LayoutPage, line: LayoutLine, owner: int) -> bool:
    folded = line.folded
    start, end = _stretch(line)
    inside = folded[start:end]
    if line.index == owner or not re.search(r"[a-z]{2}", inside) or is_title(folded) or _is_aside(line):
        return False
    if start and inside:
        return True  # it is called an address
    if LEGAL_FORM.search(inside) and not _HOUSE.match(inside):
        return False
    if is_certainly(inside):
        return True
    after = below(layout, line)
    if after is None or not _is_part(after):
        return False
    if inside.rstrip().endswith(","):
        return is_certainly(after.folded) or _begins(layout, after, owner)
    if TRADE.search(inside) or not is_certainly(after.folded):
        return False
    if _STREET.search(inside) or re.search(r"\d", inside):
        return not is_registration(line.text)
    return bool(_BUILDING.search(inside)) and not _HOUSE.match(after.folded)


def _is_aside(line: LayoutLine) -> bool:
    """Whether a line is a number of registration, or something in brackets, that is not part of an address."""
    text = line.text.strip()
    bracketed = bool(re.fullmatch(r"[(\[{][^)\]}]*[)\]}]?", text)) and not is_certainly(line.folded)
    return bracketed or is_registration(text)


def _is_part(line: LayoutLine) -> bool:
    start, end = _stretch(line)
    inside = line.folded[start:end]
    if start or _is_aside(line) or is_title(line.folded):
        return False
    return end > start and bool(re.search(r"[a-z]{2}", inside) or has_postcode(inside))


def _block(layout: LayoutPage, first: LayoutLine) -> list[LayoutLine]:
    block = [first, *_beside(layout, first)]
    rows = 1
    while rows < MAX_LINES and not _is_cut(block[-1]):
        after = below(layout, block[0] if rows == 1 else block[-1])
        if after is None or after in block or not _is_part(after) or not _continues(block, after):
            break
        block += [after, *_beside(layout, after)]
        rows += 1
    return block


def _continues(block: Sequence[LayoutLine], line: LayoutLine) -> bool:
    before = block[-1].folded.rstrip()
    start, end = _stretch(line)
    inside = line.folded[start:end]
    if _HOUSE.match(inside) and is_certainly(inside) and has_postcode(inside) and any(map(_ends_town, block)):
        return False  # another address
    if _is_cut(line) and not is_certainly(inside) and not names_region(inside):
        return False
    done = _ends_town(block[0], first=True) or any(_ends_town(part) for part in block[1:])
    if names_region(inside):
        return True
    if not done:
        return not (LEGAL_FORM.search(inside) and not is_certainly(inside))
    if before.endswith((",", "-", "&")):
        return not re.search(r"\d{5}", inside) or is_certainly(inside)
    return is_certainly(inside) and bool(re.match(r"\W*(?:\d|no\b|lot\b)", inside)) and not is_town(inside)


def _ends_town(line: LayoutLine, first: bool = False) -> bool:
    start, end = _stretch(line)
    return is_town(line.folded[start:end], first)


def below(layout: LayoutPage, line: LayoutLine) -> LayoutLine | None:
    """The next line of the same column, near enough to belong to one block."""
    near = [
        other
        for row in layout.rows[line.row + 1 : line.row + 1 + ROWS]
        for other in (layout.lines[index] for index in row)
        if other.page == line.page
        and 0 < other.rect.middle - line.rect.middle <= NEAR * max(line.rect.height, layout.pitch)
        and min(other.rect.right, line.rect.right) > max(other.rect.left, line.rect.left)
    ]
    return min(near, key=lambda other: (other.row, other.rect.left), default=None)


def _beside(layout: LayoutPage, line: LayoutLine) -> list[LayoutLine]:
    """What goes on close by in the row of a line: it was read in pieces."""
    row = layout.rows[line.row]
    pieces: list[LayoutLine] = []
    for index in row[row.index(line.index) + 1 :]:
        other, before = layout.lines[index], (pieces or [line])[-1]
        if other.rect.left - before.rect.right > BESIDE * layout.pitch or not _is_part(other) or _is_cut(before):
            break
        pieces.append(other)
    return pieces


def _stretch(line: LayoutLine) -> tuple[int, int]:
    """What of a line may belong to an address: behind its label, before a phone, a tax number, a registration."""
    label = _LABEL.match(line.folded)
    start = label.end() if label else 0
    text = _NUMBER_SIGN.sub(lambda match: match[1] + " " * (len(match[0]) - len(match[1])), line.folded)
    ending = _END.search(text, start)
    end = ending.start() if ending else len(line.text.rstrip())
    registered = REGISTRATION.search(line.text[:end])
    if registered and "(" in registered[0] and registered.start() > start and not has_postcode(line.folded[:end]):
        end = registered.start()
    return start, max(start, end)


def _is_cut(line: LayoutLine) -> bool:
    """Whether an address ends within a line."""
    return _stretch(line)[1] < len(line.text.rstrip(" .,;"))


def _plausibility(layout: LayoutPage, block: Sequence[LayoutLine]) -> float:
    text = " ".join(line.folded for line in block)
    plausible = 0.25 + 0.35 * has_postcode(text) + 0.2 * names_region(text)
    plausible += 0.1 * min(2, len(_STREET.findall(text)))
    top = block[0].page == layout.lines[0].page and layout.depth(block[0]) < 0.35
    return min(1.0, plausible) * (1.0 if top else 0.6)
