"""Postal addresses: blocks of lines with streets, numbers, postcodes and places."""

from __future__ import annotations

import re

from worker.fields.candidate import Candidate, Span
from worker.fields.folding import any_of
from worker.fields.kinds.names import LEGAL_FORM, REGISTRATION
from worker.fields.sheet import Sheet, SheetLine

MAX_LINES = 7
NEAR = 1.9
"""Lines of a block stand at most so many line heights apart, centre to centre."""

_WORDS = any_of(
    r"no\W{0,3}\d+ lot\W{0,3}(?:no)?\W{0,3}\d* lg\d+ jalan jln lebuh\w* lorong taman tmn persiaran kampung bandar "
    r"seksyen mukim batu\W?\d kawasan pt\W?\d+ plaza mall wisma menara street str road rd avenue ave boulevard blvd "
    r"lane drive dr court suite ste floor flr level block blk unit building tower p\W{0,2}o\W{0,2}box highway hwy "
    r"parkway pkwy square terrace way rue allee chemin quai calle avenida avda via piazza corso viale straat laan "
    r"plein weg gata gatan vej nagar marg basement ground centre center complex park house estate industrial ulica ul "
    r"rua travessa gallery"
)
_STREET = re.compile(
    rf"(?<![^\W_])(?:{_WORDS})(?![^\W_])|"
    r"(?:strasse|straße|str\.|gasse|platz|allee|damm|ufer|straat|laan|weg|gatan|vagen|veien|vej|katu)(?![^\W_])|"
    r"\d+(?:st|nd|rd|th) floor"
)
_POSTCODE = re.compile(
    r"(?<![\w-])(?:[a-z]{1,2}-? ?)?\d{5}(?:-\d{4})?(?![\w/-])|(?<![^\W_])[a-z]{2},? \d{5}|"
    r"(?<!\d)\d{4} ?[a-z]{2}(?![^\W_])|(?<![^\W_])[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}(?![^\W_])|"
    r"[a-z]{3}[ ,-]{1,3}\d{6}(?![\d-])|(?<![^\W_\d])\d{2}-\d{3}(?!\d)|(?<!\d)\d{3} ?\d{2} [a-z]{3}"
)
_TOWN = re.compile(
    r"(?<![\w-])\d{5}(?:-\d{4})?\W{1,3}[a-z]{2}|(?<![^\W_])[a-z]{2},? \d{5}(?!\d)|[a-z]{3}[ ,-]{1,3}\d{6}(?![\d-])"
)
"""A postcode with its town or state: the last line of most addresses."""

_PLACE = re.compile(
    r"selangor|kuala lumpur|johor|penang|perak|kelantan|melaka|sabah|sarawak|kedah|pahang|petaling|shah alam|malaysia|"
    r"singapore|germany|deutschland|france|usa|united kingdom|india|espana|italia|nederland|sverige|danmark|norge|"
    r"polska|schweiz|switzerland|austria|osterreich|belgi|darul"
)
_ENDS = any_of(
    r"tel phone fax gst sst vat ust tax invoice receipt date cashier email e-mail www http reg\.? co\.?\W?no company "
    r"order table bill doc mobile hotline website iban account rechnung facture roc hours operator page id attn "
    r"attention main customer ticket deal product terminal member h/p te1 te[il1]\.?"
)
_END = re.compile(rf"(?<![^\W_])(?:{_ENDS})(?![^\W_])|@|:\s*\d|\d{{2}}:\d{{2}}|total")
_POSTCODE_MISREAD = re.compile(r"(?<![^\W_])(?=(?:\D*\d){3})[\dOoIl]{5}(?![^\W_])")
_DIGITS = str.maketrans("OoIl", "0011")
_HOUSE_NUMBER = re.compile(r"(?:lot\W{0,2})?\bno\s*[.:]+\s*(?=\d)")
_SEPARATED = re.compile(r"(?:address|anschrift|adresse|alamat|direccion|indirizzo)\s*:\s*")


def looks_like_street(folded: str) -> bool:
    """Whether a folded line names a street, a building or a postcode with a place."""
    return bool(_STREET.search(folded) or (_POSTCODE.search(folded) and re.search(r"[a-z]{3}", folded)))


def find(sheet: Sheet) -> list[Candidate]:
    """Blocks of lines that read as an address."""
    found, taken = [], set[int]()
    for line in sorted(sheet.lines, key=lambda line: (line.page, line.rect.middle)):
        if line.index in taken or not looks_like_street(line.folded) or _END.search(_unlabelled(line)):
            continue
        if (
            line.text.strip().startswith("(")
            or LEGAL_FORM.search(line.folded)
            or REGISTRATION.search(line.text)
            or not re.search(r"[a-z]{3}", line.folded)
        ):
            continue
        block = _block(sheet, line)
        taken |= {part.index for part in block}
        spans = tuple(_span(part) for part in block)
        candidate = Candidate("", spans, _plausibility(sheet, block))
        found.append(Candidate(_joined(candidate.text(sheet)), spans, candidate.plausibility))
    return found


def _block(sheet: Sheet, first: SheetLine) -> list[SheetLine]:
    block = [first]
    while len(block) < MAX_LINES:
        after = _below(sheet, block[-1])
        if after is None or _END.search(_unlabelled(after)) or not _continues(block, after):
            break
        block.append(after)
    return block


def _continues(block: list[SheetLine], line: SheetLine) -> bool:
    folded, before = line.folded, block[-1].folded.rstrip()
    if not re.search(r"[a-z]{2}", folded) and not _POSTCODE.search(folded):
        return False
    if re.fullmatch(r"[(\[][^)\]]*[)\]]", folded.strip()) and not looks_like_street(folded):
        return False
    done = any(_TOWN.search(part.folded) for part in block)
    if before.endswith((",", "-", "&")) or not done or _PLACE.search(folded):
        return True
    return looks_like_street(folded) and bool(re.match(r"\W*(?:\d|no\b|lot\b)", folded))


def _below(sheet: Sheet, line: SheetLine) -> SheetLine | None:
    """The next line of the same column, near enough to belong to one block."""
    near = [
        other
        for other in sheet.lines
        if other.page == line.page
        and 0 < other.rect.middle - line.rect.middle <= NEAR * max(line.rect.height, sheet.pitch)
        and min(other.rect.right, line.rect.right) > max(other.rect.left, line.rect.left)
        and other.row != line.row
    ]
    return min(near, key=lambda other: other.rect.middle, default=None)


def _span(line: SheetLine) -> Span:
    match = _SEPARATED.match(line.folded)
    start = match.end() if match else 0
    return Span(line.index, start, len(line.text.rstrip()))


def _unlabelled(line: SheetLine) -> str:
    return _HOUSE_NUMBER.sub("", _SEPARATED.sub("", line.folded, count=1))


def _joined(text: str) -> str:
    text = _POSTCODE_MISREAD.sub(lambda match: match[0].translate(_DIGITS), text)
    return re.sub(r"\s+", " ", text).strip(" ,;:")


def _plausibility(sheet: Sheet, block: list[SheetLine]) -> float:
    text = " ".join(line.folded for line in block)
    plausible = 0.25 + 0.35 * bool(_POSTCODE.search(text)) + 0.2 * bool(_PLACE.search(text))
    plausible += 0.1 * min(2, len(_STREET.findall(text)))
    top = block[0].page == sheet.lines[0].page and sheet.depth(block[0]) < 0.35
    return min(1.0, plausible) * (1.0 if top else 0.6)
