"""Which kind of value a concept, a format or a word of a property's name asks for."""

from __future__ import annotations


def _inverted(words: dict[str, str]) -> dict[str, str]:
    return {word: kind for kind, several in words.items() for word in several.split()}


KINDS: dict[str, str] = _inverted(
    {
        "money": "total gross_total subtotal tax discount tip service_charge shipping rounding cash change amount_paid "
        "balance unit_price line_total",
        "date": "date due_date order_date delivery_date start_date end_date birth_date",
        "identifier": "invoice_number order_number customer_number account_number reference "
        "contract_number delivery_number registration_number sku",
        "party": "company customer",
        "address": "address customer_address shipping_address",
        "phone": "phone fax",
        "number": "quantity count position",
        "percentage": "tax_rate",
        "email": "email",
        "website": "website",
        "iban": "iban",
        "bic": "bic",
        "vat_id": "vat_id",
        "currency": "currency",
        "time": "time",
    }
)
"""Concept to kind; a concept that is not here is free text."""

FORMATS: dict[str, str] = _inverted(
    {
        "date": "date",
        "datetime": "date-time",
        "time": "time",
        "email": "email idn-email",
        "website": "uri iri uri-reference url",
        "iban": "iban",
        "phone": "phone",
        "money": "currency",
        "currency": "iso4217",
    }
)
"""JSON Schema format to kind."""

WORDS: dict[str, str] = _inverted(
    {
        "date": "date datum dob",
        "money": "amount price cost fee total balance salary charge betrag montant",
        "percentage": "percent percentage",
        "identifier": "number no id num nr code reference ref",
        "email": "email mail",
        "phone": "phone tel telephone mobile fax",
        "address": "address",
        "website": "url website",
        "iban": "iban",
        "bic": "bic swift",
        "vat_id": "vat",
        "currency": "currency",
        "time": "time",
        "number": "quantity qty count age weight",
    }
)
"""Words of a property's name, the last one first, that tell the kind."""
