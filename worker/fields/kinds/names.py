"""What gives away a company's name: its legal form, its trade, its registration number."""

from __future__ import annotations

import re

from worker.fields.folding import any_of

_FORMS = any_of(
    r"sdn\W{0,3}bhd s/b bhd plt pte\W{0,2}ltd pty p?vt\W{0,2}ltd ltd limited llc llp inc incorporated "
    r"corp(?:oration)? plc gmbh(?:\W{1,3}co\W{1,2}kg)? ag kg ohg ug e\.?k e\.?v s\.?a\.?r\.?l s\.?a\.?s? s\.?r\.?l "
    r"s\.?p\.?a s\.?l\.?u? b\.?v n\.?v a/s aps ab oy oyj sp\W{0,2}z\W{0,2}o\W{0,2}o s\.?r\.?o kft zrt lda ltda k\.?k "
    r"co company tbk"
)
_TRADES = any_of(
    "enterprise trading restoran restaurant cafe hardware stationery shop store market mart supermarket hypermarket "
    "bakery pharmacy hotel books? station services? solutions? group industries bistro kopitiam perniagaan syarikat "
    "kedai supplies electronics? media consulting studio clinic motors? holdings foods? confectionery grocer farmasi "
    "apotheke garage associates partners international packaging"
)

LEGAL_FORM = re.compile(rf"(?<![^\W_])(?:{_FORMS})\.?(?![^\W_])")
TRADE = re.compile(rf"(?<![^\W_])(?:{_TRADES})(?![^\W_])")
REGISTRATION = re.compile(
    r"\s*[(\[]?\s*(?:co\.? ?(?:reg)?\.? ?(?:no)?\.? ?:? ?)?\d{4,12}-? ?[A-Z]{1,2}\s*[)\]]?(?:\s*\(\w{2,5}\))?\s*$"
    r"|\s*\([A-Z]{0,2}\d{5,12}(?:-[A-Z])?\)\s*$"
)
"""A registration number at the end of a line, in brackets or not."""
