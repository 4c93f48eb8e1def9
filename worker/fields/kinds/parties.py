"""Names of parties: who sold and who bought, by legal forms, trade words and the head of the page."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.kinds import addresses, dates
from worker.fields.kinds.names import LEGAL_FORM, REGISTRATION, TRADE
from worker.fields.sheet import Sheet, SheetLine

HEAD_LINES = 14
"""Lines of a page's head among which its owner's name stands."""

_NOT = re.compile(
    r"thank|welcome|receipt|invoice|tel\b|phone|fax|www|http|@|cashier|total|date|page|please|refund|exchange|copy|"
    r"duplicate|original|posted|table|visit|gst|sst|vat\b|tax\b|\bid\b|rechnung|facture|factura|fattura|statement|"
    r"order|customer|bill to|ship to|description|amount|terima|goods sold|returnable|feedback|voucher|co\.? ?no|"
    r"reg\.? ?no|\breg\b|registration|complaint"
)
_BEHIND = {"enterprise", "trading", "hardware", "holdings", "industries", "supplies"}  # trades that end a name
_OWNED = re.compile(
    r"^.{0,3}(?:own(?:ed)? by|operated by|sold by|issued by|from|seller|vendor|supplier|company)\s*[:\-]\s*|^m/s\.? ",
    re.IGNORECASE,
)


def find(sheet: Sheet) -> list[Candidate]:
    """Lines that may be names: those of the page's head, and those with a legal form."""
    found = []
    tall = sheet.pitch
    page = sheet.lines[0].page if sheet.lines else 1
    head = [line for line in sheet.lines if line.page == page][: 2 * HEAD_LINES]
    order = sorted(head, key=lambda line: (line.row, line.rect.left))
    place = {line.index: number for number, line in enumerate(order)}
    seen = 0
    addressed = {span.line for block in addresses.find(sheet) for span in block.spans}
    for line in order:
        plausible = 0.0 if line.index in addressed else _plausibility(line, seen, tall)
        if plausible:
            seen += 1
            found += _named(sheet, order, place[line.index], plausible)
    others = [line for line in sheet.lines if line.index not in place and LEGAL_FORM.search(line.folded)]
    found += [_candidate(line, 0.35) for line in others if not _NOT.search(line.folded) and len(line.text) < 60]
    return found


def bare(text: str) -> str:
    """A name without its registration number and "owned by"."""
    name = REGISTRATION.sub("", _OWNED.sub("", text)).strip(" ,:;-*=")
    return re.sub(r"(?<=[A-Z] )5/B$", "S/B", name)  # how readers take the short form of Sendirian Berhad


def _named(sheet: Sheet, order: list[SheetLine], place: int, plausible: float) -> list[Candidate]:
    """The line by itself and, where a name runs on over lines, joined with the next ones."""
    line = order[place]
    found = [_candidate(line, plausible)]
    joined, text = [line], line.text
    for after in order[place + 1 : place + 4]:
        open_bracket = text.count("(") > text.count(")")
        suffix_next = not LEGAL_FORM.search(joined[-1].folded) and _starts_with_form(after.folded)
        branch = bool(LEGAL_FORM.search(joined[-1].folded)) and bool(
            re.fullmatch(r"\([^\W\d][^\d)]*\)", after.text.strip())
        )
        beside = after.row == joined[-1].row
        close = after.rect.top - joined[-1].rect.bottom < sheet.pitch
        suffix_next = suffix_next or (beside and bool(LEGAL_FORM.fullmatch(after.folded.strip())))
        if not close or not (open_bracket or suffix_next or branch):
            break
        joined.append(after)
        text += " " + after.text
    if len(joined) > 1:
        spans = tuple(_span(part) for part in joined)
        value = bare(" ".join(sheet.lines[span.line].text[span.start : span.end] for span in spans))
        found.append(Candidate(value, spans, min(1.0, plausible + 0.25)))
    return found


def _starts_with_form(folded: str) -> bool:
    match = LEGAL_FORM.search(folded)
    trade = TRADE.search(folded)
    return bool(match and match.start() <= 1) or bool(trade and trade.start() == 0 and (match or trade[0] in _BEHIND))


def _candidate(line: SheetLine, plausible: float) -> Candidate:
    span = _span(line)
    return Candidate(bare(line.text), (span,), plausible)


def _span(line: SheetLine) -> Span:
    begin = _OWNED.match(line.text)
    ending = REGISTRATION.search(line.text)
    raw = line.text[begin.end() if begin else 0 : ending.start() if ending else len(line.text)]
    start = (begin.end() if begin else 0) + len(raw) - len(raw.lstrip(" ,:;-*="))
    return Span(line.index, start, start + len(raw.strip(" ,:;-*=")))


def _plausibility(line: SheetLine, seen: int, tall: float) -> float:
    name = bare(line.text)
    letters = sum(character.isalpha() for character in name)
    if letters < 3 or letters < 0.5 * len(name.replace(" ", "")) or len(name) > 70:
        return 0.0
    legal, trade = bool(LEGAL_FORM.search(line.folded)), bool(TRADE.search(line.folded))
    if (_NOT.search(line.folded) and not legal) or dates.parse(line.text):
        return 0.0
    if addresses.looks_like_street(line.folded) and not legal:
        return 0.0
    plausible = 0.6 * max(0.0, 1 - seen / 4) + 0.35 * legal + 0.15 * trade
    plausible += 0.1 * min(1.0, max(0.0, line.rect.height / tall - 1)) + 0.1 * (len(name.split()) > 1)
    return min(1.0, plausible)
