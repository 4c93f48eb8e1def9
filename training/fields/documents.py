"""Whole documents: invoices, orders, delivery notes, bills, receipts, made of parts in drawn orders."""

from __future__ import annotations

from collections.abc import Callable

from training.fields.facts import FORMS
from training.fields.parts import Fact, Parts, div, esc, value

Document = Callable[[Parts], str]

LETTERS = 0.25
"""Of the business documents that are letters with an address window."""


def _meta(parts: Parts, kind: str) -> list[Fact]:
    """Number, dates and references, with labels, in a drawn order."""
    facts, rng, write = parts.facts, parts.rng, parts.write
    number = {
        "invoice": "invoice_number",
        "bill": "invoice_number",
        "order": "order_number",
        "delivery": "delivery_number",
    }[kind]
    rows: list[Fact] = [
        (number, parts.label(number), facts.number),
        ("date", parts.label("date"), write.day(facts.dates["date"])),
    ]
    if kind in ("invoice", "bill") and rng.happens(0.6):
        rows.append(("due_date", parts.label("due_date"), write.day(facts.dates["due_date"])))
    more = [
        (name, parts.label(name), facts.codes[name])
        for name in ("order_number", "delivery_number", "customer_number", "contract_number")
        if name != number
    ]
    rows += [row for row in more if rng.happens(0.3)]
    rows += [
        (name, parts.label(name), write.day(facts.dates[name]))
        for name in ("order_date", "delivery_date")
        if rng.happens(0.22)
    ]
    if rng.happens(0.25):
        rows.append(("payment_terms", parts.label("terms_label"), parts.words.one("terms")))
    if rng.happens(0.2):
        rows.append(("cashier", parts.label("cashier"), facts.ship.name))
    if rng.happens(0.15):
        rows.append(("payment_method", parts.label("method_label"), parts.words.one("methods")))
    if rng.happens(0.12):
        days = facts.dates
        first, last = sorted((days["delivery_date"], days["order_date"]))
        rows.append(("", parts.label("period"), f"{write.day(first)} - {write.day(last)}"))
    if rng.happens(0.12):
        rows.append(("total", parts.label("total"), write.amount(facts.total)))
    if rng.happens(0.1):
        rows.append(("", parts.label("page").split(" ")[0], "1"))
    if facts.buyer.vat_id and rng.happens(0.4):
        rows.append(("customer_vat", parts.label("customer_vat"), facts.buyer.vat_id))
    if rng.happens(0.6):
        rng.shuffle(rows)
    return rows


def _letter(parts: Parts, head: str, rows: list[Fact], kind: str) -> str:
    """A letter with an address window without a label, whose writer stands whole in the foot alone, most of the time.

    Over the window stands nothing, a word of the seller's name as a logo, or the name.
    """
    rng, facts = parts.rng, parts.facts
    brand = " ".join(facts.seller.name.split()[: rng.choice((1, 1, 2))])
    brand = brand.upper() if rng.happens(0.6) else brand
    name = esc(brand) if rng.happens(0.55) else value("company", facts.seller.name)
    size = f"font-size:{rng.uniform(1.3, 2.8):.1f}em;letter-spacing:{rng.choice((0, 0, 1, 6))}px"
    logo = (
        div(name, f"{size};text-align:{rng.choice(('left', 'right', 'right', 'center'))}") if rng.happens(0.5) else ""
    )
    window = (parts.sender() if rng.happens(0.5) else "") + parts.party_block("customer", facts.buyer, False, 0.1)
    window = div(window, f"margin-top:{rng.randint(20, 150)}px")
    meta = parts.facts_block(rows)
    if rng.happens(0.5):
        top, meta = div(window + div(meta, f"margin-top:{rng.randint(0, 120)}px"), "", "flex"), ""
    else:
        top = window
    order = [top, head, meta] if rng.happens(0.7) else [top, meta, head]
    body = (parts.note() if rng.happens(0.5) else "") + parts.items_table()
    body += parts.sums() if kind != "delivery" else ""
    body += parts.pay_by() if kind in ("invoice", "bill") and rng.happens(0.3) else ""
    foot = ""
    while 'data-v="company"' not in foot:
        foot = parts.footer()
    return f'<div class="page">{logo}{"".join(order)}{body}<div class="grow"></div>{foot}</div>'


def business(kind: str) -> Document:
    """An A4 document of a kind."""

    def draw(parts: Parts) -> str:
        rng, facts = parts.rng, parts.facts
        title = parts.words.one(kind)
        rows = _meta(parts, kind)
        number = rows[[row[2] for row in rows].index(facts.number)]
        if rng.happens(0.2):  # the number stands in the title, the date perhaps behind it
            rows = [row for row in rows if row is not number]
            inner = esc(title if rng.happens(0.5) else number[1]) + " " + value(number[0], number[2])
            if rng.happens(0.5):
                date = next(row for row in rows if row[0] == "date")
                rows = [row for row in rows if row is not date]
                inner += f" {esc(parts.words.one('dated'))} " + value("date", date[2])
        else:
            inner = esc(title)
        head = div(
            inner,
            f"font-size:{rng.uniform(1, 2.2):.1f}em;text-align:{rng.choice(('left', 'left', 'right', 'center'))};font-weight:bold;margin:.5em 0",
        )
        if rng.happens(LETTERS):
            return _letter(parts, head, rows, kind)
        meta = parts.facts_block(rows)
        labelled = rng.happens(0.6)
        letter, seller_block = parts.letterhead(), ""
        if not letter and rng.happens(0.6) or rng.happens(0.15):
            seller_block = parts.party_block("company", facts.seller, labelled or rng.happens(0.5), 0.6)
            letter = "" if rng.happens(0.7) else letter
        buyer = parts.party_block("customer", facts.buyer, labelled, 0.3)
        if not labelled and rng.happens(0.6) or rng.happens(0.1):
            buyer = parts.sender() + buyer
        blocks = [buyer]
        if seller_block:
            blocks.insert(rng.choice((0, 0, 1)), seller_block)
        if rng.happens(0.15):
            blocks.append(
                div(
                    div(esc(parts.called("ship")), parts.bold)
                    + "<br>".join((esc(facts.ship.name), esc(facts.ship.street), esc(facts.ship.town)))
                )
            )
        if rng.happens(0.5):
            blocks.insert(rng.choice((0, len(blocks), len(blocks))), meta)
            meta = ""
        shape = parts.shape(3, 1)
        if shape == 3:
            top = div("".join(div(block, "margin-bottom:1em") for block in reversed(blocks)), "margin-left:45%")
        else:
            top = div("".join(div(block) for block in blocks), "margin:1em 0", "flex" if shape else "")
            top = top if shape else "".join(div(block, "margin:.8em 0") for block in blocks)
        order = [head, top, meta] if rng.happens(0.5) else [top, head, meta]
        if rng.happens(0.15):
            order = [meta, top, head]
        body = parts.items_table()
        body += parts.sums() if kind != "delivery" else ""
        if kind in ("invoice", "bill"):
            body += parts.tax_table() if rng.happens(0.15) else ""
            body += parts.pay_by() if rng.happens(0.25) else ""
        notes = parts.note() if rng.happens(0.6) else ""
        intro = parts.note() if rng.happens(0.35) else ""
        company_missing = 'data-v="company"' not in letter + seller_block + "".join(order)
        foot = parts.footer() if rng.happens(0.6) or company_missing else ""
        while company_missing and 'data-v="company"' not in foot:
            foot = parts.footer()
        bank = (
            div("<br>".join(parts.bank()), "margin:.8em 0") if 'data-v="iban"' not in foot and rng.happens(0.5) else ""
        )
        return (
            f'<div class="page">{letter}{"".join(order)}{intro}{body}{notes}{bank}<div class="grow"></div>{foot}</div>'
        )

    draw.__name__ = kind
    return draw


def receipt(parts: Parts) -> str:
    """A shop's slip: head, items in rows, sums, how it was paid."""
    rng, facts, write = parts.rng, parts.facts, parts.write
    seller = facts.seller
    lines = parts.party_lines(seller, "company")
    formal = any(seller.name.lower().endswith(form.lower()) for form in FORMS[facts.language])
    if formal and rng.happens(0.35):  # the shop's own name over the firm's
        brand = " ".join(facts.ship.name.split()[:2])
        lines.insert(0, esc(brand.upper() if rng.happens(0.6) else brand))
    if rng.happens(0.12):
        lines.insert(
            0,
            esc(rng.choice(("** COPY **", "ORIGINAL", "*** REPRINT ***", parts.facts.ship.name.lower(), "WELCOME"))),
        )
    if rng.happens(0.15):
        lines.insert(
            [n for n, line in enumerate(lines) if 'data-v="company"' in line][0] + 1,
            esc("(" + str(rng.randrange(10**5, 10**7)) + "-" + rng.choice("AKVX") + ")"),
        )
    lines += parts.contacts(seller, True, 0.7)
    align = rng.choice(("center", "center", "left"))
    title = parts.words.one("receipt")
    blocks = [div("<br>".join(lines), f"text-align:{align}")]
    if rng.happens(0.7):
        blocks.insert(1 if rng.happens(0.8) else 0, div(esc(title), f"text-align:{align};margin:.4em 0"))
    clock = f"{rng.randint(7, 22):02}:{rng.randint(0, 59):02}"
    day = value("date", write.day(facts.dates["date"])) + (" " + clock if rng.happens(0.6) else "")
    meta = [esc(parts.called("date")) + " " + day if rng.happens(0.65) else day]
    if rng.happens(0.75):
        meta.insert(
            rng.choice((0, 1)), esc(parts.called("receipt_number")) + " " + value("receipt_number", facts.number)
        )
    if rng.happens(0.4):
        meta.append(esc(parts.called("cashier")) + " " + esc(facts.ship.name.split()[0]))
    block = div("<br>".join(meta) if rng.happens(0.7) else " &nbsp; ".join(meta), "margin:.5em 0")
    late = rng.happens(0.25)
    blocks += [] if late else [block]
    blocks += [_receipt_items(parts), _receipt_sums(parts)]
    blocks += [block] if late else []
    blocks.append(
        div(
            "<br>".join(esc(parts.words.one("foot")) for _ in range(rng.randint(1, 3))),
            f"text-align:{align};margin-top:.8em",
        )
    )
    return f'<div class="slip">{"".join(blocks)}</div>'


def _receipt_row(left: str, right: str, style: str = "") -> str:
    return f'<tr style="{style}"><td>{left}</td><td class="nw" style="text-align:right">{right}</td></tr>'


def _receipt_items(parts: Parts) -> str:
    rng, write, facts = parts.rng, parts.write, parts.facts
    shape = parts.shape(5, 2)
    code = " " + rng.choice("AB*1") if rng.happens(0.25) else ""
    rows = []
    if shape == 4:
        head = [parts.label(name) for name in ("description", "quantity", "unit_price", "line_total")]
        rows.append(
            "<tr>"
            + "".join(
                f'<td style="text-align:{"right" if n else "left"}">{esc(text)}</td>' for n, text in enumerate(head)
            )
            + "</tr>"
        )
    for number, item in enumerate(facts.items):
        key = f"items.{number}."
        name, amount = (
            value(key + "description", item.description),
            value(key + "line_total", write.amount(item.amount, False)) + code,
        )
        count, price = (
            value(key + "quantity", write.quantity(int(item.quantity))),
            value(key + "unit_price", write.amount(item.price, False)),
        )
        several = item.quantity != 1
        times = rng.choice((" x ", " X ", " @ ", " * "))
        if shape == 0:
            rows.append(_receipt_row(name, amount))
        elif shape == 1:
            rows.append(_receipt_row(name, amount))
            rows += [_receipt_row(f"&nbsp; {count}{times}{price}", "")] if several else []
        elif shape == 2:
            rows += [_receipt_row(f"&nbsp; {count}{times}{price}", "")] if several else []
            rows.append(_receipt_row(name, amount))
        elif shape == 3:
            rows.append(_receipt_row(f"{count}{rng.choice((' ', 'x '))}{name}", amount))
        elif shape == 4:
            rows.append(
                f'<tr><td>{name}</td><td style="text-align:right">{count}</td><td style="text-align:right">{price}</td><td style="text-align:right">{amount}</td></tr>'
            )
        elif shape == 5:  # measured only: the name on a row of its own, quantity, price and amount below
            rows.append(_receipt_row(name, ""))
            rows.append(_receipt_row(f"{count}{times}{price}", amount))
        else:
            rows.append(
                _receipt_row(f"{esc(item.sku)} {name}", f"{count}{times}{price} &nbsp; {amount}" if several else amount)
            )
    rule = parts.rng.choice(("border-top:1px dashed;border-bottom:1px dashed", ""))
    return f'<table style="width:100%;margin:.4em 0;{rule}">{"".join(rows)}</table>'


def _receipt_sums(parts: Parts) -> str:
    rng, write, facts = parts.rng, parts.write, parts.facts
    rows: list[Fact] = []
    if facts.discount:
        rows.append(("discount", parts.label("discount"), write.amount(-facts.discount)))
    rows += [("subtotal", parts.label("subtotal"), write.amount(facts.net))] if rng.happens(0.4) else []
    one = len(facts.rates) == 1
    taxes = [
        ("tax" if one else "", parts._tax_label(rate), write.amount(tax)) for rate, (_, tax) in facts.rates.items()
    ]
    before = rng.happens(0.5)
    rows += taxes if before else []
    total = facts.total
    rows.append(("total" if not facts.rounding else "", parts.label("total"), write.amount(total)))
    if facts.rounding:
        rows += [
            ("rounding", parts.label("rounding"), write.amount(facts.rounding)),
            ("total", parts.label("total"), write.amount(total + facts.rounding)),
        ]
    pay = rng.random()
    if pay < 0.4:
        rows += [
            ("cash", parts.label("cash"), write.amount(facts.paid)),
            ("change", parts.label("change"), write.amount(facts.paid - total - facts.rounding)),
        ]
    elif pay < 0.7:
        rows.append(("", parts.label("cash"), write.amount(total + facts.rounding)))
    if rng.happens(0.2):
        rows.insert(0, ("count", parts.label("count"), str(int(sum(item.quantity for item in facts.items)))))
    rows += taxes if not before and rng.happens(0.5) else []
    big = rng.choice(("font-size:1.3em", "font-weight:bold", ""))
    inner = "".join(
        _receipt_row(esc(label + parts.colon), value(field, text), big if field == "total" else "")
        for field, label, text in rows
    )
    table = f'<table style="{rng.choice(("width:100%", "width:100%", "margin-left:20%"))}">{inner}</table>'
    return table + (parts.tax_table() if rng.happens(0.2) else "")


DOCUMENTS: dict[Document, int] = {
    business("invoice"): 50,
    business("order"): 7,
    business("delivery"): 4,
    business("bill"): 7,
    receipt: 32,
}
