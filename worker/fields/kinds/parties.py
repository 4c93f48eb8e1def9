"""Names of parties: who sold and who bought, by legal forms, trade words and the head of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.fields.candidate import Candidate, Span
from worker.fields.folding import fold
from worker.fields.kinds import addresses, dates, texts
from worker.fields.kinds.names import LEGAL_FORM, REGISTRATION, TRADE, is_registration, is_title
from worker.fields.labels import Label
from worker.fields.layout_page import LayoutLine, LayoutPage
from worker.fields.vocabulary import words

HEAD_LINES = 14
"""Lines of a page's head among which its owner's name stands."""

BEHIND = 0.5
"""Points off a name that stands under the address, where another one stands above it."""

_NOT_IN = re.compile(rf"{words('not_in_names')}|www\.?|http|@")
_NOT = re.compile(rf"(?<![^\W_])(?:{words('no_names')})(?![^\W_])|{_NOT_IN.pattern}")
_BEHIND = words("names_end").split("|")
"""Trades that end a name: on a line of their own they belong to the one before."""

_OWNED = re.compile(
    rf"^.{{0,3}}(?:(?:{words('owned_by')})\s*[:\-]?|(?:{words('named_behind')})\s*[:\-])\s*|^m/s\.? ", re.IGNORECASE
)
_FORMERLY = re.compile(rf"[\s(\[]{{0,4}}(?:{words('formerly')})(?![^\W_]).*$", re.IGNORECASE)
_BRANCH = re.compile(
    rf"(?:{LEGAL_FORM.pattern})(?P<branch>[\s\-:@,]{{1,4}}(?!.*\()[^()]*"
    rf"\b(?:{words('branches')})\b.*)$"
)
"""A branch's place behind a name's legal form."""

LONGEST = 70
"""Characters of a name."""

JOINED = {"joined": True}
"""Fact of a name whose lines surely belong together: set large alike, or the second begins with a legal form."""

WHOLE = 0.1
"""What a name over two lines is more plausible by than its first line alone."""

LARGE = 1.25
"""Median line heights from which a line is set large: a name that does not fit goes on below."""

_CALLED = re.compile(r"[^\d:]{2,30}\s?:\s*(?=\S)")
"""What a name may be called on its line, whether the word is a known label or not."""

_SPLIT = re.compile(
    r"\s+[·•|*–—-]\s+|,\s+(?=.*\d)(?![^,\d]{2,30}\s(?:&|\+|and|und|et|y|e|i|en|och|og|ja|dan)\s)|\s{3,}", re.IGNORECASE
)
"""What parts a name from the address behind it on one line; "A, B and C" is one name."""

SPACE = 0.8
"""Of a line's height: words further apart are not one name's."""

_ADDRESS = re.compile(r"@|www\W|https?:")
"""Of a website or for mail."""

_EDGE = " ,:;-*=~_.\"'"
_GOES_ON = re.compile(r"(?:&|-|\+|(?<![^\W_])(?:and|of|und|et|y|e|de|the|dan|en|och|og|ja))\W{0,4}$")
"""What a line of a name ends with that goes on below."""


def find(layout: LayoutPage, labels: Sequence[Label]) -> list[Candidate]:
    """Stretches of lines that may be names: lines of the page's head, names over two lines, parts between labels."""
    by_place = {candidate.spans: candidate for candidate in _stretches(layout, labels)}
    by_place |= {candidate.spans: candidate for candidate in _of_head(layout)}
    for name in (*_wrapped(layout), *_side_by_side(layout)):
        part = by_place.get(name.spans[:1])
        plausible = min(1.0, part.plausibility + WHOLE) if part else 0.0
        by_place.setdefault(name.spans, replace(name, plausibility=plausible))
    return list(by_place.values())


def _stretches(layout: LayoutPage, labels: Sequence[Label]) -> Iterator[Candidate]:
    """What stands between labels, behind a colon, and between the marks that part a name from its address."""
    labelled = {label.line for label in labels if label.start and not label.whole}
    places = [(text.first.line, text.first.start, text.first.end) for text in texts.find(layout, labels)]
    places += [(index, 0, len(layout.lines[index].text)) for index in sorted(labelled)]  # a label may be part of a name
    for index, first, last in places:
        line = layout.lines[index]
        colon = _CALLED.match(line.text, first, last)
        if colon:
            yield from _parts(line, colon.end(), last)
        yield from _parts(line, first, last)


def _parts(line: LayoutLine, start: int, end: int) -> Iterator[Candidate]:
    for part in _SPLIT.split(line.text[start:end]):
        begin = line.text.index(part, start)
        start = begin + len(part)
        name = bare(part)
        if not _may_be_name(name) or name not in part or _is_form_alone(fold(name)):
            continue
        begin += part.index(name)
        if not addresses.is_certainly(line.folded[begin : begin + len(name)]) or LEGAL_FORM.search(fold(name)):
            yield Candidate(name, (Span(line.index, begin, begin + len(name)),), 0.0)


def _wrapped(layout: LayoutPage) -> Iterator[Candidate]:
    """Names set large over two lines, and those whose line ends with a comma or "and"."""
    for line in layout.lines:
        large = line.rect.height >= LARGE * layout.pitch
        if not (large or _GOES_ON.search(line.folded) or line.folded.rstrip().endswith(",")):
            continue
        after = addresses.below(layout, line)
        if after is None or not _are_alike(line, after):
            continue
        spans = (_span(line), _span(after))
        name = bare(Candidate("", spans).text(layout))
        whole = JOINED if large and not LEGAL_FORM.search(line.folded) and not is_title(line.folded) else {}
        if len(name) <= LONGEST and not any(addresses.is_certainly(part.folded) for part in (line, after)):
            yield Candidate(name, spans, 0.0, whole)


def _side_by_side(layout: LayoutPage) -> Iterator[Candidate]:
    """Names whose words were read as lines of their own, as wide spaces part them."""
    for row in layout.rows:
        parts: list[LayoutLine] = []
        for line in (layout.lines[index] for index in row):
            near = bool(parts) and 0 < line.rect.left - parts[-1].rect.right <= SPACE * parts[0].rect.height
            parts = [*parts, line] if near and _are_alike(parts[0], line) else [line]
            if len(parts) > 1:
                spans = tuple(_span(part) for part in parts)
                yield Candidate(bare(Candidate("", spans).text(layout)), spans, 0.0, JOINED)


def _are_alike(line: LayoutLine, other: LayoutLine) -> bool:
    """Whether two lines are of one height and may be parts of a name."""
    alike = abs(other.rect.height - line.rect.height) <= 0.25 * line.rect.height
    return alike and all(_may_be_name(one.text) and not _ADDRESS.search(one.folded) for one in (line, other))


_ASKS = re.compile(rf"(?<![^\W_])(?:{words('role_ends')})\W*$")
"""What a line ends with that says whose name follows: "shipped to"."""


def _may_be_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    wordy = letters >= 3 and letters >= 0.5 * len(text.replace(" ", ""))
    return wordy and len(text) <= LONGEST and not dates.parse(text) and not _ASKS.search(fold(text))


def _of_head(layout: LayoutPage) -> list[Candidate]:
    """Lines of the page's head, and those with a legal form."""
    found = []
    page = layout.lines[0].page if layout.lines else 1
    head = [line for line in layout.lines if line.page == page][: 2 * HEAD_LINES]
    order = sorted(head, key=lambda line: (line.row, line.rect.left))
    place = {line.index: number for number, line in enumerate(order)}
    addressed = {span.line for block in addresses.find(layout) for span in block.spans}
    street = min((layout.lines[index].row for index in addressed if index in place), default=HEAD_LINES)
    seen = 0
    for line in order:
        plausible = 0.0 if line.index in addressed else _plausibility(line, seen, layout.pitch)
        if plausible:
            seen += 1
            behind = seen > 1 and line.row > street
            found += _named(layout, order, place[line.index], plausible - (BEHIND if behind else 0.0))
    others = [line for line in layout.lines if line.index not in place and LEGAL_FORM.search(line.folded)]
    found += [_candidate(line, 0.35) for line in others if not _NOT.search(line.folded) and len(line.text) < 60]
    return found


def bare(text: str) -> str:
    """A name without its registration number and "owned by"."""
    name = REGISTRATION.sub("", _FORMERLY.sub("", _OWNED.sub("", text))).strip(_EDGE)
    name = name.removesuffix(")") if name.count(")") > name.count("(") else name
    name = re.sub(r"(?<=[A-Z] )5/B$", "S/B", name)  # how readers take the short form of Sendirian Berhad
    start = name.rfind(" ") + 1
    form = name[start:].replace("I", "l")
    is_form = not LEGAL_FORM.fullmatch(fold(name[start:])) and LEGAL_FORM.fullmatch(fold(form))
    return name[:start] + form if is_form else name  # S.r.I is no form, S.r.l is


def _named(layout: LayoutPage, order: list[LayoutLine], place: int, plausible: float) -> list[Candidate]:
    """The line by itself and, where a name runs on over lines, joined with the next ones."""
    joined = [order[place]]
    for after in order[place + 1 : place + 4]:
        close = after.rect.top - joined[-1].rect.bottom < layout.pitch
        if not close or is_registration(after.text) or not _runs_on(joined, after):
            break
        joined.append(after)
    found = [_candidate(joined[0], plausible)]
    if len(joined) > 1:
        spans = tuple(_span(part) for part in joined)
        value = bare(Candidate("", spans).text(layout))
        found.append(Candidate(value, spans, min(1.0, plausible + 0.25), JOINED))
    return found


def _runs_on(joined: list[LayoutLine], after: LayoutLine) -> bool:
    """Whether the next line belongs to a name: an open bracket, "and" at the end, a legal form, a branch."""
    text = " ".join(bare(line.text) for line in joined)
    last = joined[-1]
    if text.count("(") > text.count(")") or _GOES_ON.search(last.folded):
        return not (addresses.is_certainly(after.folded) or _ADDRESS.search(after.folded))
    if LEGAL_FORM.search(last.folded):
        return bool(re.fullmatch(r"\((?!.*(?i:formerly|incorporated))[^\W\d][^\d)]*\)", after.text.strip()))
    return _starts_with_form(after.folded)


def _starts_with_form(folded: str) -> bool:
    text = re.sub(r"^\W*\(\w{1,12}\)", "", folded).strip()
    legal, trade = LEGAL_FORM.match(text), TRADE.match(text)
    return bool(legal) or bool(trade and trade[0] in _BEHIND)


def _candidate(line: LayoutLine, plausible: float) -> Candidate:
    span = _span(line)
    return Candidate(bare(line.text[span.start : span.end]), (span,), plausible)


def _span(line: LayoutLine) -> Span:
    begin = _OWNED.match(line.text)
    start, end = begin.end() if begin else 0, len(line.text)
    for ending in (_FORMERLY.search(line.text), REGISTRATION.search(line.text)):
        end = min(end, ending.start()) if ending else end
    branch = _BRANCH.search(line.folded[:end])
    end = branch.start("branch") if branch else end
    raw = line.text[start:end]
    start += len(raw) - len(raw.lstrip(_EDGE))
    return Span(line.index, start, start + len(raw.strip(_EDGE)))


def _plausibility(line: LayoutLine, seen: int, tall: float) -> float:
    name = bare(line.text)
    folded = fold(name)
    letters = sum(character.isalpha() for character in name)
    if letters < 3 or letters < 0.5 * len(name.replace(" ", "")) or len(name) > LONGEST:
        return 0.0
    legal, trade = bool(LEGAL_FORM.search(folded)), bool(TRADE.search(folded))
    if is_title(folded) or is_registration(line.text) or dates.parse(line.text) or _is_form_alone(folded):
        return 0.0
    plain = trade and not seen and not re.search(r"[\d:]", name)  # a first line may have any word: BEST PRICE STORE
    excluded = _NOT_IN.search(folded) or (_NOT.search(folded) and not plain)
    if (excluded or addresses.is_certainly(folded)) and not legal:
        return 0.0
    formal = legal and not re.fullmatch(r".*(?<![^\W_])(?:co|company)\W*", folded)
    plausible = 0.6 * max(0.0, 1 - seen / 4) + (0.35 if formal else 0.15 * legal) + 0.15 * trade - 0.25 * name.islower()
    plausible += 0.1 * min(1.0, max(0.0, line.rect.height / tall - 1)) + 0.1 * (len(name.split()) > 1)
    return max(0.01, min(1.0, plausible))


def _is_form_alone(folded: str) -> bool:
    return not re.search(r"\w", LEGAL_FORM.sub("", re.sub(r"\(\w{1,12}\)", "", folded)))
