"""What gives away a company's name: its legal form, its trade, its registration number; and what is no name."""

from __future__ import annotations

import re

from worker.fields.folding import any_of

_FORMS = any_of(
    r"s[dn]{1,2}\W{0,3}bhd s/b sb bhd plt pte\W{0,3}ltd pty\W{0,3}ltd pty p?vt\W{0,2}ltd ltd ltda limited llc llp inc "
    r"incorporated corp(?:oration)? plc gmbh(?:\W{1,3}co\W{1,2}kg)? ag kg ohg ug e\.?k e\.?v s\.?a\.?r\.?l "
    r"s\.?a\.?s? s\.?r\.?l s\.?p\.?a s\.?l\.?u? b\.?v n\.?v a/s aps ab oy oyj sp\W{0,2}z\W{0,2}o\W{0,2}o s\.?r\.?o kft "
    r"zrt lda k\.?k co company tbk"
)
_TRADES = any_of(
    "enterprises? trading restoran restaurante? cafe hardware stationery shop store stores market mart supermarket "
    "minimarket hypermarket bakery pharmacy hotel books? bookstore bookshop station services? solutions? group "
    "industries bistro kopitiam perniagaan syarikat kedai pasaraya klinik supplies electronics? media consulting "
    "studio clinic motors? holdings foods? confectionery grocer farmasi apotheke farmacia pharmacie garage associates "
    "partners international packaging boulangerie panaderia padaria bakkerij backerei piekarnia trattoria ristorante "
    "pizzeria restauracja restaurang gasthaus brasserie librairie traders stationers furniture auto sons bros brothers "
    "seafood kitchen coffee pub bar grill deli salon florist jewellers opticals? optics dental surgery "
    r"cash\W{0,3}(?:&|and|n)\W{0,3}carry"
)

LEGAL_FORM = re.compile(rf"(?<![^\W_])(?:{_FORMS})\.?(?![^\W_])")
TRADE = re.compile(rf"(?<![^\W_])(?:{_TRADES})(?![^\W_])")

_NUMBER = r"(?:[A-Z]{0,3}\d[\dOoIl]{3,11}(?:[- ]{0,3}[A-Z0-9]{1,2})?|[A-Z]{1,3}[- ]?\d{4,12})"
_CALLED = (
    r"(?i:[(\[]?(?:co(?:mpany)?|business|roc|r[eo]g(?:istration|d)?|ssm|brn|uen|gst|sst|tax|id|no|num(?:ber)?)"
    r"[\s.:#/;]{0,6}){1,5}"
)
_FORMS_OF_IT = (
    rf"(?<![^\W_]){_CALLED}{_NUMBER}",
    r"(?<=[\w.)])\s{1,4}[A-Z]{1,3}-?\d{6,12}(?:-[A-Z])?",
    rf"[(\[{{]\s{{0,4}}(?:{_CALLED})?{_NUMBER}\s{{0,4}}[)\]}}]?",
    r"\d{4,12}-? ?[A-Z]{1,2}",
)
REGISTRATION = re.compile(
    rf"[\s,]{{0,4}}(?:{'|'.join(_FORMS_OF_IT)})\s{{0,4}}[)\]}}]?(?:\s{{0,4}}\([^()]{{2,16}}\))?\W{{0,6}}$"
)
"""A registration number at the end of a line, in brackets or not, called one or not."""

_BARE = re.compile(rf"\W*{_NUMBER}\W*")

_TITLES = any_of(
    r"(?:simplified\W*)?(?:tax\W*)?invoice (?:official\W*|sales\W*|cash\W*)?receipt cash\W*(?:bill|sales?|memo) "
    r"welcome(?:\W*to)? thank\W*you.* (?:customer|merchant|original|duplicate)\W*copy original duplicate copy reprint "
    r"posted rechnung quittung kassenbon bon facture ticket recu factura(?:\W*simplificada)? fattura scontrino "
    r"documento\W*commerciale factuur kassabon recibo fatura paragon\W*fiskalny kvitto guest\W*check order bill check"
)
_TITLE = re.compile(rf"\W*(?:{_TITLES})\W*")


def is_title(folded: str) -> bool:
    """Whether a line only says what the paper is, or greets."""
    return bool(_TITLE.fullmatch(folded))


def is_registration(text: str) -> bool:
    """Whether a line is a registration number and nothing else."""
    if _BARE.fullmatch(text):
        return True
    return bool(re.search(r"\d", text)) and not re.search(r"\w", REGISTRATION.sub("", text, count=1))
