"""The figures of one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rapidfuzz.distance import Levenshtein

from evaluation.structure.matching import joined, order_distance, pairs_of, text_distance
from evaluation.structure.parts import Part, parts_of, plain
from evaluation.structure.teds import table_tree, teds
from evaluation.structure.unit_tests import passes, tests_of

TABLE_PAIR = 0.3
"""Likeness of their texts from which a table found is taken for a true one."""


@dataclass(frozen=True)
class Scores:
    """None where the document has nothing of the kind.

    Attributes:
        text: Normalised edit distance of matched text blocks; less is better.
        order: Of their reading order.
        characters: Of all text in reading order, tables included: character error with order.
        teds: Mean over the true tables; one that was not found counts 0.
        structure: The same without the cells' texts.
        extra_tables: Tables found where there are none.
        passed: Unit tests passed, by kind.
        tests: Unit tests in all, by kind.
    """

    text: float | None
    order: float | None
    characters: float | None
    teds: float | None
    structure: float | None
    extra_tables: int
    passed: dict[str, int]
    tests: dict[str, int]

    def as_json(self) -> dict[str, object]:
        """Plain."""
        return asdict(self)


def score(truth: Sequence[Part], markdown: str) -> Scores:
    """Compare a document's Markdown with what it holds.

    Args:
        truth: In reading order.
        markdown: The output.
    """
    found = parts_of(markdown)
    true = [(plain(part.text), part.kind) for part in truth if part.kind in ("text", "ignored") and plain(part.text)]
    texts = [plain(part.text) for part in found if part.kind in ("text", "formula") and plain(part.text)]
    pairs = pairs_of([text for text, _ in true], texts)
    counted = [pair for pair in pairs if not pair.truth or any(true[index][1] == "text" for index in pair.truth)]
    true_texts = [text for text, _ in true]
    known = any(kind == "text" for _, kind in true)
    tables, expected = [p.text for p in found if p.kind == "table"], [p.text for p in truth if p.kind == "table"]
    matched = _matched_tables(expected, tables)
    tests = tests_of(truth)
    passed: dict[str, int] = {}
    counts: dict[str, int] = {}
    for test in tests:
        counts[test.kind] = counts.get(test.kind, 0) + 1
        passed[test.kind] = passed.get(test.kind, 0) + passes(test, markdown)
    return Scores(
        text=text_distance(counted, true_texts, texts) if known else None,
        order=order_distance(counted) if known else None,
        characters=_character_error(truth, found),
        teds=_mean([teds(one, other) for one, other in matched]),
        structure=_mean([teds(one, other, structure_only=True) for one, other in matched]),
        extra_tables=max(0, len(tables) - sum(bool(other) for _, other in matched)),
        passed=passed,
        tests=counts,
    )


def _matched_tables(expected: Sequence[str], tables: Sequence[str]) -> list[tuple[str, str]]:
    """Each true table with the one found that is most like it, "" where none is."""
    one, other = [_cells(html) for html in expected], [_cells(html) for html in tables]
    result = dict.fromkeys(range(len(expected)), "")
    for pair in pairs_of(one, other):
        if len(pair.truth) == 1 and pair.found:
            best = min(pair.found, key=lambda index: Levenshtein.normalized_distance(one[pair.truth[0]], other[index]))
            if Levenshtein.normalized_similarity(one[pair.truth[0]], other[best]) >= TABLE_PAIR:
                result[pair.truth[0]] = tables[best]
    return [(expected[index], found) for index, found in result.items()]


def _cells(html: str) -> str:
    return joined(range(1), [plain(" ".join(cell.text for row in table_tree(html).children for cell in row.children))])


def _character_error(truth: Sequence[Part], found: Sequence[Part]) -> float | None:
    one, other = (
        "".join(map(_characters, (part for part in parts if part.kind != "ignored"))) for parts in (truth, found)
    )
    return Levenshtein.distance(one, other) / len(one) if one else None


def _characters(part: Part) -> str:
    return _cells(part.text) if part.kind == "table" else plain(part.text)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
