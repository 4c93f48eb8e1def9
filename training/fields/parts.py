"""Parts of drawn documents as HTML: letterheads, parties, facts, items, sums, feet; each in several shapes.

Every value stands in an element whose ``data-v`` names it. Each part has shapes to learn from and, last, shapes that
are only measured with.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from training.fields.facts import Facts, Item, Party, Vocabulary
from training.fields.writing import Writing
from training.random_source import RandomSource

Fact = tuple[str, str, str]
"""Field, label, value."""


def esc(text: str) -> str:
    """Text as HTML."""
    return html.escape(text)


def value(field: str, text: str) -> str:
    """A value with its field's name."""
    return f'<span data-v="{field}">{esc(text)}</span>' if field else esc(text)


def div(inner: str, style: str = "", cls: str = "") -> str:
    """A block."""
    return f'<div class="{cls}" style="{style}">{inner}</div>'


class Parts:
    """Draws the parts of one document.

    Args:
        rng: Of the document.
        facts: What it says.
        words: How it calls it.
        held_out: Whether it is measured with.
    """

    def __init__(self, rng: RandomSource, facts: Facts, words: Vocabulary, held_out: bool) -> None:
        self.rng, self.facts, self.words, self.held = rng, facts, words, held_out
        self.write = Writing(rng, facts)
        self.colon = rng.choice((":", ":", "", " :"))
        self.bold = rng.choice(("font-weight:bold", "", "color:#555", "font-size:.85em"))
        self.rule = rng.choice(("1px solid #888", "1px solid #000", "1px dashed #999", "2px solid #235"))
        self.upper = rng.happens(0.15)

    def shape(self, learned: int, held: int = 1) -> int:
        """The number of a shape: of the first ones to learn from, of the last ones to measure with."""
        if self.held and self.rng.happens(0.7):
            return learned + self.rng.randrange(held)
        return self.rng.randrange(learned)

    def label(self, name: str) -> str:
        """A label's text without its colon."""
        text = self.words.one(name)
        return text.upper() if self.upper else text

    def called(self, name: str) -> str:
        """A label with its colon."""
        text = self.label(name)
        return text if text.endswith(":") else text + self.colon

    # -- parties ------------------------------------------------------------------------------------------------

    def party_lines(self, party: Party, role: str) -> list[str]:
        """A party's name and address; ``role`` is ``company`` or ``customer``."""
        address = "address" if role == "company" else f"{role}_address"
        lines = [value(role, party.name)]
        if role == "customer" and self.rng.happens(0.12):
            lines.append(esc(self.rng.choice(("z.Hd. ", "Attn. ", "c/o ", "")) + self.facts.ship.name.title()))
        parts = [party.street, party.town] if self.rng.happens(0.9) else [f"{party.street}, {party.town}"]
        lines += [value(address, part) for part in parts]
        if party.country:
            lines.append(esc(party.country) if self.rng.happens(0.5) else value(address, party.country))
        return lines

    def contacts(self, party: Party, seller: bool, share: float = 0.8) -> list[str]:
        """Telephone, mail, tax number and the like, a line each."""
        rng = self.rng
        own = seller
        rows = []
        for name, text in (
            ("phone", party.phone),
            ("fax", party.fax),
            ("email", party.email),
            ("website", party.website),
        ):
            if text and rng.happens(share):
                bare = name in ("email", "website") and rng.happens(0.5)
                rows.append(("" if bare else esc(self.called(name)) + " ") + value(name if own else "", text))
        if party.vat_id and rng.happens(share):
            label = self.called("vat_id" if own or rng.happens(0.6) else "customer_vat")
            rows.append(esc(label) + " " + value("vat_id" if own else "customer_vat", party.vat_id))
        if party.registration and rng.happens(0.5):
            rows.append(
                esc(self.called("registration_number")) + " " + value("registration_number", party.registration)
            )
        return rows

    def bank(self) -> list[str]:
        """Bank, IBAN, BIC; empty where the seller has none."""
        party, rows = self.facts.seller, []
        if party.iban:
            rows = [esc(self.called("bank")) + " " + esc(party.bank)] if self.rng.happens(0.7) else []
            rows.append(esc(self.called("iban")) + " " + value("iban", party.iban))
            if party.bic:
                rows.append(esc(self.called("bic")) + " " + value("bic", party.bic))
        return rows

    def letterhead(self) -> str:
        """Who writes, at the head of the page; empty where the foot says it."""
        rng, seller = self.rng, self.facts.seller
        lines = self.party_lines(seller, "company")
        more = self.contacts(seller, True, 0.6)
        big = f"font-size:{rng.uniform(1.2, 2.4):.1f}em;{rng.choice(('font-weight:bold', 'color:#246', ''))}"
        align = rng.choice(("left", "left", "right", "center"))
        shape = self.shape(6, 3)
        if shape == 0:
            return div(div(lines[0], big) + "<br>".join(lines[1:] + more), f"text-align:{align};margin-bottom:1em")
        if shape == 1:
            return div(div(lines[0], big) + " · ".join(lines[1:] + more), f"text-align:{align};margin-bottom:1em")
        if shape == 2:
            return div(
                div(div(lines[0], big)) + div("<br>".join(lines[1:] + more), "font-size:.85em"),
                "margin-bottom:1em",
                "flex",
            )
        if shape == 3:
            return div("<br>".join(lines + more), f"text-align:{align};margin-bottom:1em")
        if shape == 4:
            return div(lines[0], big + f";text-align:{align};margin-bottom:.6em")
        if shape == 5:
            return ""
        if shape == 6:  # measured only: a bar across, the address below on the right
            return div(lines[0], f"{big};background:#dde;padding:10px") + div(
                "<br>".join(lines[1:] + more), "text-align:right;font-size:.8em"
            )
        if shape == 7:
            return div(
                div(", ".join(lines), "font-size:.9em") + div(" | ".join(more), "font-size:.8em"),
                "border-bottom:1px solid;margin-bottom:1em;text-align:center",
            )
        return div(
            div("<br>".join(more), "font-size:.8em")
            + div(div(lines[0], big) + "<br>".join(lines[1:]), "text-align:right"),
            "margin-bottom:1em",
            "flex",
        )

    def sender(self) -> str:
        """The small line over an address window."""
        seller, mark = self.facts.seller, self.rng.choice((" · ", " - ", ", ", " | ", " * "))
        parts = [value("company", seller.name), value("address", seller.street), value("address", seller.town)]
        return div(
            mark.join(parts),
            f"font-size:.65em;{self.rng.choice(('text-decoration:underline', ''))};margin-bottom:.4em",
        )

    def party_block(self, role: str, party: Party, labelled: bool, with_contacts: float = 0.0) -> str:
        """A party with its label above, beside or none."""
        lines = self.party_lines(party, role)
        if self.rng.happens(with_contacts):
            lines += self.contacts(party, role == "company")
        if role == "customer" and self.rng.happens(0.2):
            lines.append(
                esc(self.called("customer_number"))
                + " "
                + value("customer_number", self.facts.codes["customer_number"])
            )
        if not labelled:
            return div("<br>".join(lines))
        name = {"company": "company", "customer": "customer", "ship": "ship"}[role]
        shape = self.shape(4, 2)
        if shape == 3:
            return self._party_form(role, party, name)
        if shape == 0:
            return div(div(esc(self.called(name)), self.bold) + "<br>".join(lines))
        if shape == 1:
            return div(f"{esc(self.called(name))} {'<br>'.join(lines)}")
        if shape == 2:
            return div(
                f'<table><tr><td style="{self.bold};padding-right:1em">{esc(self.called(name))}</td><td>{"<br>".join(lines)}</td></tr></table>'
            )
        if shape == 4:
            return div(
                div(esc(self.label(name)), f"background:#e4e4ea;padding:3px 6px;{self.bold}")
                + div("<br>".join(lines), "padding:4px 6px;border:1px solid #ccc")
            )
        return div(div(esc(self.label(name)), f"border-bottom:1px solid;{self.bold}") + "<br>".join(lines))

    def _party_form(self, role: str, party: Party, name: str) -> str:
        """A party as a form: a heading, and under it its name, address and numbers, each with a label."""
        rng, address = self.rng, "address" if role == "company" else f"{role}_address"
        number = value("", str(rng.randrange(10**3, 10**8)))
        where = value(address, party.street) + "<br>" + value(address, party.town)
        rows = [(self.called("name_label"), value(role, party.name)), (self.called("address_label"), where)]
        if rng.happens(0.6):
            rows.insert(rng.choice((0, 0, 2)), (self.called("number_label"), number))
        if party.vat_id and rng.happens(0.7):
            vat = "vat_id" if role == "company" else "customer_vat"
            rows.append((self.called("vat_id"), value(vat, party.vat_id)))
        gap, size = rng.choice((10, 40, 120, 300)), rng.choice(("", "font-size:1.1em", self.bold))
        body = "".join(
            f'<tr><td style="padding-right:{gap}px;vertical-align:top">{esc(label)}</td><td>{text}</td></tr>'
            for label, text in rows
        )
        return div(div(esc(self.label(name)), size) + f"<table>{body}</table>")

    # -- facts --------------------------------------------------------------------------------------------------

    def facts_block(self, rows: Sequence[Fact]) -> str:
        """Labels and values: beside, above, in a table's head, in running text."""
        rng = self.rng
        shape = self.shape(6, 3)
        cells = [(esc(label + self.colon if label else ""), value(field, text)) for field, label, text in rows]
        if shape == 0:
            right = rng.happens(0.4)
            return (
                "<table>"
                + "".join(
                    f'<tr><td style="{self.bold};padding-right:{rng.randint(6, 40)}px">{a}</td><td style="{"text-align:right" if right else ""}">{b}</td></tr>'
                    for a, b in cells
                )
                + "</table>"
            )
        if shape == 1:
            return div("<br>".join(f"{a} {b}" for a, b in cells), cls="nw")
        if shape == 2:
            return div("".join(div(div(a, self.bold) + div(b), "margin-bottom:.5em") for a, b in cells))
        if shape == 3:
            line = f"border:{self.rule};" if rng.happens(0.5) else ""
            head = "".join(f'<td style="{line}{self.bold};padding:3px 10px">{esc(label)}</td>' for _, label, _ in rows)
            body = "".join(f'<td style="{line}padding:3px 10px">{b}</td>' for _, b in cells)
            return f'<table style="border-collapse:collapse;margin:.5em 0"><tr>{head}</tr><tr>{body}</tr></table>'
        if shape == 4:
            pairs = [cells[at : at + 2] for at in range(0, len(cells), 2)]
            return (
                "<table>"
                + "".join(
                    "<tr>"
                    + "".join(
                        f'<td style="{self.bold};padding-right:8px">{a}</td><td style="padding-right:30px">{b}</td>'
                        for a, b in pair
                    )
                    + "</tr>"
                    for pair in pairs
                )
                + "</table>"
            )
        if shape == 5:
            return div(
                "".join(div(f'<span style="{self.bold}">{a}</span> {b}', "margin-right:2em") for a, b in cells),
                "display:flex;flex-wrap:wrap",
            )
        if shape == 6:  # measured only: values right-aligned under small labels, in a box
            return div(
                "".join(
                    div(
                        div(esc(label), "font-size:.7em;color:#666") + div(value(field, text)),
                        "padding:3px 8px;border-bottom:1px solid #ddd",
                    )
                    for field, label, text in rows
                ),
                "border:1px solid #aaa",
            )
        if shape == 7:
            return (
                "<table>"
                + "".join(
                    f'<tr><td style="text-align:right;padding-right:10px;{self.bold}">{a}</td><td>{b}</td></tr>'
                    for a, b in cells
                )
                + "</table>"
            )
        return (
            div(
                "".join(
                    div(div(b, "font-weight:bold") + div(esc(label), "font-size:.75em;color:#777"), "margin-right:2em")
                    for (_, label, _), (_, b) in zip(rows, cells, strict=True)
                ),
                "display:flex;flex-wrap:wrap",
            )
            if rng.happens(0.3)
            else div(" &nbsp; ".join(f"{a} {b}" for a, b in cells))
        )

    # -- items --------------------------------------------------------------------------------------------------

    def items_table(self) -> str:
        """The line items as a table, with its columns in a drawn order."""
        rng, items = self.rng, self.facts.items
        names = ["description"] + [
            name
            for name, share in (("quantity", 0.92), ("unit_price", 0.88), ("line_total", 0.95))
            if rng.happens(share)
        ]
        if rng.happens(0.35):
            names.insert(0, "position")
        if rng.happens(0.3):
            names.insert(rng.choice((0, 1)), "sku")
        if "quantity" in names:
            if rng.happens(0.3):
                names.remove("quantity")
                names.insert(0, "quantity")
            if rng.happens(0.3):
                names.insert(names.index("quantity") + 1, "unit")
        if rng.happens(0.25):
            names.insert(len(names) - rng.choice((0, 1)), "tax_rate")
        if rng.happens(0.08):
            names.insert(len(names) - 1, "discount")
        border = rng.choice(("", f"border-bottom:{self.rule};", f"border:{self.rule};", ""))
        pad = f"padding:{rng.randint(1, 7)}px {rng.randint(3, 14)}px;"
        ends = {"quantity", "unit_price", "line_total", "tax_rate", "discount"} if rng.happens(0.75) else set()
        heads = {name: self.label(name) for name in names}
        currency = f" ({self.facts.currency})" if rng.happens(0.08) else ""
        top = "".join(
            f'<th style="{border}{pad}text-align:{"right" if name in ends else "left"}">{esc(text + (currency if name in ("unit_price", "line_total") else ""))}</th>'
            for name, text in heads.items()
        )
        shade = f"background:{rng.choice(('#eee', '#dde6f0', '#246;color:#fff', '#fff', '#fff'))}"
        head = (
            f'<tr style="{shade};{rng.choice(("", "border-bottom:" + self.rule))}">{top}</tr>'
            if rng.happens(0.97)
            else ""
        )
        rows = [self._item_row(names, number, item, border + pad, ends) for number, item in enumerate(items)]
        width = rng.choice(("100%", "100%", "85%"))
        return f'<table style="width:{width};border-collapse:collapse;margin:{rng.uniform(0.5, 2):.1f}em 0">{head}{"".join(rows)}</table>'

    def _item_row(self, names: Sequence[str], number: int, item: Item, style: str, ends: set[str]) -> str:
        key, write = f"items.{number}.", self.write
        per = write.per_item
        more = f"<br>{esc(item.more)}" if item.more else ""
        values_shown = {
            "position": esc(str(number + 1)),
            "sku": value(key + "sku", item.sku),
            "description": value(key + "description", item.description) + more,
            "quantity": value(key + "quantity", write.quantity(item.quantity))
            + (f" {esc(item.unit)}" if "unit" not in names and self.rng.happens(0.1) else ""),
            "unit": esc(item.unit),
            "unit_price": value(key + "unit_price", write.amount(item.price, per)),
            "line_total": value(key + "line_total", write.amount(item.amount, per)),
            "tax_rate": esc(f"{item.rate}%" if self.rng.happens(0.7) else str(item.rate)),
            "discount": esc(self.rng.choice(("", "0%", "0,00"))),
        }
        cells = "".join(
            f'<td style="{style}vertical-align:top;text-align:{"right" if name in ends else "left"}">{values_shown[name]}</td>'
            for name in names
        )
        return f"<tr>{cells}</tr>"

    # -- sums ---------------------------------------------------------------------------------------------------

    def sums(self) -> str:
        """Net, taxes and total, and what changes them."""
        facts, rng, write = self.facts, self.rng, self.write
        gross = sum(item.amount for item in facts.items) != facts.net + facts.discount - facts.shipping
        rows: list[Fact] = []
        if facts.discount and rng.happens(0.6):
            rows.append(
                ("gross_total", self.label("gross_total"), write.amount(facts.net + facts.discount - facts.shipping))
            )
        if facts.discount:
            sign = -1 if rng.happens(0.7) else 1
            rows.append(("discount", self.label("discount"), write.amount(sign * facts.discount)))
        if facts.shipping:
            rows.append(("shipping", self.label("shipping"), write.amount(facts.shipping)))
        parts = [("subtotal", self.label("subtotal"), write.amount(facts.net))] if rng.happens(0.9) else []
        taxes = [(rate, tax) for rate, (_, tax) in facts.rates.items()]
        if rng.happens(0.93):
            one = len(taxes) == 1
            parts += [("tax" if one else "", self._tax_label(rate), write.amount(tax)) for rate, tax in taxes]
            if not one and rng.happens(0.6):
                parts.append(("tax", self.words.one("tax").split(" ")[0], write.amount(facts.tax)))
        total = ("total", self.label("total"), write.amount(facts.total))
        rows = [total, *parts] if gross and rng.happens(0.6) else [*rows, *parts, total]
        if facts.paid and rng.happens(0.06):
            rows += [("", self.label("cash"), write.amount(facts.total))]
        return self._sum_rows(rows)

    def _tax_label(self, rate: int) -> str:
        text = self.label("tax")
        digits = "".join(c for c in text if c.isdigit() or c in ",.%")
        shown = f"{rate} %" if self.rng.happens(0.3) else f"{rate}%"
        if any(c.isdigit() for c in digits):
            for old in ("19,00 %", "20,00 %", "19 %", "20 %", "22 %", "19%", "20%", "21%", "22%", "23%", "25%"):
                if old in text:
                    return text.replace(old, shown)
        return f"{text} {shown}" if self.rng.happens(0.5) else text

    def _sum_rows(self, rows: Sequence[Fact]) -> str:
        shape = self.shape(4, 2)
        pad = f"padding:{self.rng.randint(1, 4)}px {self.rng.randint(4, 24)}px"
        strong = self.rng.choice(("font-weight:bold", "", "font-size:1.2em;font-weight:bold"))

        def row(field: str, label: str, text: str, style: str = "") -> str:
            mark = strong if field == "total" else ""
            return f'<tr><td style="{pad};{mark};{style}">{esc(label + self.colon)}</td><td style="{pad};{mark};text-align:right" class="nw">{value(field, text)}</td></tr>'

        if shape == 0:
            return div(
                "<table>" + "".join(row(*one) for one in rows) + "</table>", "display:flex;justify-content:flex-end"
            )
        if shape == 1:
            return '<table style="width:100%">' + "".join(row(*one, "text-align:right") for one in rows) + "</table>"
        if shape == 2:
            head = "".join(f'<td style="border:1px solid #999;{pad}">{esc(label)}</td>' for _, label, _ in rows)
            body = "".join(
                f'<td style="border:1px solid #999;{pad}" class="nw">{value(field, text)}</td>'
                for field, _, text in rows
            )
            return f'<table style="border-collapse:collapse;margin-left:auto"><tr>{head}</tr><tr>{body}</tr></table>'
        if shape == 3:
            return div(
                "<table>" + "".join(row(*one) for one in rows) + "</table>",
                f"margin-left:{self.rng.randint(0, 55)}%",
            )
        if shape == 4:  # measured only: full lines with a rule, label left and amount right
            return "".join(
                div(
                    f"<span>{esc(label)}</span><span>{value(field, text)}</span>",
                    f"display:flex;justify-content:space-between;border-bottom:1px solid #ccc;margin-left:40%;{strong if field == 'total' else ''}",
                )
                for field, label, text in rows
            )
        return div(
            "".join(div(f"{esc(label + self.colon)} {value(field, text)}") for field, label, text in rows),
            "text-align:right",
        )

    def tax_table(self) -> str:
        """The taxes by rate."""
        write = self.write
        head = "".join(
            f'<td style="padding:2px 12px">{esc(self.label(name))}</td>' for name in ("tax_rate", "subtotal", "tax")
        )
        rows = "".join(
            f'<tr><td style="padding:2px 12px">{rate}%</td><td style="padding:2px 12px">{value("subtotal" if len(self.facts.rates) == 1 else "", write.amount(net, False))}</td>'
            f'<td style="padding:2px 12px">{value("tax" if len(self.facts.rates) == 1 else "", write.amount(tax, False))}</td></tr>'
            for rate, (net, tax) in self.facts.rates.items()
        )
        return f'<table style="font-size:.85em;margin:.6em 0"><tr>{head}</tr>{rows}</table>'

    # -- the rest -----------------------------------------------------------------------------------------------

    def note(self) -> str:
        """A sentence or two."""
        currency = self.facts.currency
        return div(
            "<br>".join(esc(self.words.one("notes").format(currency=currency)) for _ in range(self.rng.randint(1, 3))),
            "margin:.8em 0",
        )

    def pay_by(self) -> str:
        """When what is to be paid, in a sentence."""
        text = esc(self.words.one("pay_by_note"))
        return div(
            text.format(
                total=value("total", self.write.amount(self.facts.total)),
                due=value("due_date", self.write.day(self.facts.dates["due_date"])),
            ),
            "margin:.8em 0",
        )

    def footer(self) -> str:
        """The seller and its bank at the foot, in columns or lines."""
        rng, seller = self.rng, self.facts.seller
        manager = [esc(self.called("manager")) + " " + esc(self.facts.ship.name)] if rng.happens(0.3) else []
        groups = [self.party_lines(seller, "company"), self.contacts(seller, True), [*self.bank(), *manager]]
        groups = [group for group in groups if group]
        rng.shuffle(groups)
        shape = self.shape(3, 2)
        size = f"font-size:{rng.uniform(0.65, 0.9):.2f}em;margin-top:{rng.uniform(1, 4):.1f}em;{rng.choice(('border-top:1px solid #777;padding-top:5px', ''))}"
        if shape == 0:
            return div("".join(div("<br>".join(group)) for group in groups), size, "flex")
        if shape == 1:
            return div("<br>".join(" · ".join(group) for group in groups), size + ";text-align:center")
        if shape == 2:
            return div("<br>".join(self.bank()), size) if self.bank() else ""
        if shape == 3:
            return div(" | ".join(part for group in groups for part in group), size + ";text-align:center")
        return div(
            "".join(div("<br>".join(group), "border-left:2px solid #88a;padding-left:6px") for group in groups),
            size,
            "flex",
        )
