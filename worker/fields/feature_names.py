"""Names of the numbers that describe a candidate, in the order in which the ranker's weights were learned."""

from __future__ import annotations

from worker.fields.kind_words import KINDS
from worker.fields.vocabulary import CONCEPTS

LABELS = tuple(sorted(set(CONCEPTS) - {"other"}))
ASKED = (
    "address", "bic", "cash", "cashier", "change", "company", "contract_number", "count", "customer",
    "customer_address", "customer_number", "date", "delivery_date", "delivery_number", "discount", "due_date", "email",
    "fax", "iban", "invoice_number", "order_date", "order_number", "payment_method", "payment_terms", "phone",
    "registration_number", "rounding", "shipping", "subtotal", "tax", "total", "vat_id", "website",
)  # fmt: skip
"""Concepts that were learned; others, and a caller's own, are known by their labels alone."""

LEARNED_KINDS = tuple(sorted({KINDS.get(concept, "text") for concept in ASKED}))
ROLES = (
    "title", "heading", "text", "list_item", "table", "form", "header", "footer", "footnote", "caption", "figure",
)  # fmt: skip
RELATIONS = ("line", "row", "slanted", "above")

PLACE = (
    "left", "right", "middle", "depth", "first_page", "last_page", "height", "wide", "row_size", "row_place",
    "row_last", "before", "after", "share", "colon_before", "letters_before", "line_colon", "above_colon",
    "section_seller", "section_buyer", "colon_after", "colon_inside",
)  # fmt: skip
BLOCK = (
    *(f"role_{role}" for role in ROLES), "no_block", "block_lines", "block_place", "block_first", "block_last",
    "block_order", "table_row", "table_column", "table_rows", "table_columns", "table_header", "block_labels",
    "block_label_above",
)  # fmt: skip
DOCUMENT = ("pages", "kind_place")
VALUE = (
    "plausibility", "read", "length", "digits", "capitals", "words", "currency", "decimals", "ambiguous", "timed",
    "repeated", "lowest", "plausible_values", "spans",
)  # fmt: skip
AMOUNT = (
    "to_largest", "rank", "largest", "negative", "zero", "as_total", "as_net", "as_tax", "proven", "disproven",
    "support", "is_net", "alone", "below_larger", "column_sum", "row_product",
)  # fmt: skip
DATE = ("earliest", "latest", "days", "dates")
PARTY = (
    "legal", "trade", "before_address", "after_address", "in_address", "block_vat", "block_iban", "block_phone",
    "block_mail", "domain", "tallest", "initial", "starts_line", "names_owner", "block_address", "head_rank",
    "page_head", "other_legal", "begins_longer", "goes_on_shorter", "told_elsewhere",
)  # fmt: skip
LABELLED = (
    *(f"own_{relation}" for relation in RELATIONS), "own", "rival", "lead", "own_header", "rival_header",
    "own_concepts", "nearest_own",
)  # fmt: skip

BASE = (*(f"label_{name}" for name in LABELS), *PLACE, *BLOCK, *DOCUMENT, *VALUE, *AMOUNT, *DATE, *PARTY)
RULES = ("rule", "rule_lead", "rule_first")
NAMES = (*BASE, *LABELLED, *RULES, *(f"asked_{name}" for name in ASKED), *(f"kind_{name}" for name in LEARNED_KINDS))
"""Every number's name."""
