"""What tells that a line names a party: legal form, address, its block's tax and bank numbers, its domain."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from worker.fields.candidate import Candidate
from worker.fields.candidate_context import CandidateContext
from worker.fields.folding import letters
from worker.fields.kinds.names import LEGAL_FORM, TRADE
from worker.fields.layout_page import LayoutLine, LayoutPage

NEAR_ADDRESS = 2.2
"""Line heights, centre to centre, within which a name stands over its address."""

_VAT = re.compile(r"(?<![^\W_])(?:[A-Z]{2}[ .-]?\d{8,12}|\d{9,14})(?![^\W_])")
_PHONE = re.compile(r"\+?\(?\d[\d\s()./-]{7,}\d")
_MAIL = re.compile(r"[\w.+-]+@([\w-]+)\.|www\.([\w-]+)\.|https?://([\w-]+)\.", re.IGNORECASE)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}")


class PartyFeatures:
    """Describes names of parties and addresses on one document.

    Args:
        layout: The document.
        addresses: Its address blocks.
    """

    def __init__(self, layout: LayoutPage, addresses: Sequence[Candidate]) -> None:
        self._layout, self._addresses = layout, addresses

    def of(self, candidate: Candidate, line: LayoutLine, shared: CandidateContext) -> list[float]:
        """The numbers called ``PARTY``, of a candidate on a line."""
        text = candidate.text(self._layout)
        folded = line.folded[candidate.first.start : candidate.first.end]
        distances = [self._to_address(line, address) for address in self._addresses]
        below = [far for far in distances if far is not None and far > 0]
        above = [-far for far in distances if far is not None and far < 0]
        counts = self._blocks_tell.get(line.block, self._blocks_tell[-1]) if line.block >= 0 else (0, 0, 0, 0)
        inside = any(span.line == line.index for address in self._addresses for span in address.spans)
        block_address = line.block >= 0 and any(
            self._layout.lines[address.first.line].block == line.block for address in self._addresses
        )
        tallest = max((one.rect.height for one in self._layout.lines if one.page == line.page), default=1.0)
        name = letters(text)
        return [
            float(bool(LEGAL_FORM.search(folded))),
            float(bool(TRADE.search(folded))),
            float(bool(below) and min(below) <= NEAR_ADDRESS),
            float(bool(above) and min(above) <= NEAR_ADDRESS),
            float(inside),
            *(float(one) for one in counts),
            float(any(_alike(name, host) for host in self._hosts)),
            line.rect.height / tallest,
            float(not candidate.first.start),
            float(line.folded[: candidate.first.start].strip() == ""),
            float(line.row == 0),
            float(block_address),
            line.row / max(1, len(self._layout.rows)),
            float(line.page == self._layout.lines[0].page and self._layout.depth(line) < 0.15),
            float(not LEGAL_FORM.search(folded) and self._any_legal),
            *map(float, shared.longer_and_shorter(candidate)),
            max(0.0, self._most_told - sum(counts)),
        ]

    def _to_address(self, line: LayoutLine, address: Candidate) -> float | None:
        """Line heights from a line down to an address's first line of the same column; None where it is elsewhere."""
        first = self._layout.lines[address.first.line]
        if first.page != line.page or first.index == line.index:
            return None
        shared = min(first.rect.right, line.rect.right) - max(first.rect.left, line.rect.left)
        if shared <= 0:
            return None
        return (first.rect.middle - line.rect.middle) / max(self._layout.pitch, line.rect.height)

    @cached_property
    def _any_legal(self) -> bool:
        return any(LEGAL_FORM.search(line.folded) for line in self._layout.lines)

    @cached_property
    def _hosts(self) -> list[str]:
        found = (match for line in self._layout.lines for match in _MAIL.finditer(line.text))
        return sorted({letters(match[1] or match[2] or match[3]) for match in found})

    @cached_property
    def _most_told(self) -> float:
        """How many of these a block has at the most: it is the seller's."""
        return float(max(map(sum, self._blocks_tell.values()), default=0))

    @cached_property
    def _blocks_tell(self) -> dict[int, tuple[int, int, int, int]]:
        """Whether each block has a tax number, an IBAN, a phone number, a mail or web address."""
        found: dict[int, tuple[int, int, int, int]] = defaultdict(lambda: (0, 0, 0, 0))
        for number, block in enumerate(self._layout.blocks):
            text = "\n".join(self._layout.lines[index].text for index in block.lines)
            vat, iban, phone, mail = (int(bool(one.search(text))) for one in (_VAT, _IBAN, _PHONE, _MAIL))
            found[number] = vat, iban, phone, mail
        return found


def _alike(name: str, host: str) -> bool:
    """Whether a host's name is a firm's: one begins with the other, four letters at least."""
    return min(len(name), len(host)) >= 4 and (name.startswith(host) or host.startswith(name[:8]) or host in name)
