"""Drawn documents told again as forms: each party a heading with labelled rows, the number and date in the title.

Nothing is drawn or read anew: lines are taken out, others put in over the rest, marks moved along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.fields.facts import Vocabulary
from training.random_source import RandomSource

Json = dict[str, Any]

PARTIES = {"company": "address", "customer": "customer_address"}
NUMBERS = ("invoice_number", "receipt_number")


def as_form(drawn: Mapping[str, Any], rng: RandomSource) -> Json:
    """A document with its parties, and perhaps its number and date, as rows of a form at its head.

    Args:
        drawn: Of ``documents.jsonl``.
        rng: Of the form.

    Returns:
        The document without blocks; as it was where it does not name both parties.
    """
    truth = drawn["truth"]
    if not all(truth.get(name) for name in (*PARTIES, *PARTIES.values())):
        return dict(drawn)
    words = Vocabulary(rng, drawn["language"], held_out=False)
    moved = [*PARTIES, *PARTIES.values()]
    number = next((name for name in NUMBERS if truth.get(name)), None)
    titled = number is not None and truth.get("date") and rng.happens(0.5)
    moved += [number, "date"] if titled and number else []
    form = _Form(drawn, rng)
    if titled and number:
        day = _shown(drawn, "date")
        called = f"{words.one('invoice')} {rng.choice(('', words.one('number_label') + ' '))}"
        form.row(0, (called, None), (truth[number], number), (f" {words.one('dated')} ", None), (day, "date"))
    roles = list(PARTIES)
    if rng.happens(0.3):
        roles.reverse()
    for role in roles:
        form.party(words, role, truth)
    return form.document(moved)


def _shown(drawn: Mapping[str, Any], name: str) -> str:
    """A value as it stands on the page."""
    boxes = drawn["marks"][name]
    left, top, right, bottom = boxes[0]
    near = [box for box in boxes if abs(box[1] - top) < (bottom - top) / 2]
    right = max(box[2] for box in near)
    found = [
        word["text"]
        for line in drawn["page"]["lines"]
        for word in line.get("words") or ()
        if left - 1 <= (word["box"][0][0] + word["box"][1][0]) / 2 <= right + 1
        and top <= (word["box"][0][1] + word["box"][2][1]) / 2 <= bottom
    ]
    return " ".join(found)


class _Form:
    def __init__(self, drawn: Mapping[str, Any], rng: RandomSource) -> None:
        self._drawn, self._chance = drawn, rng
        lines = drawn["page"]["lines"]
        self._left = min(line["box"][0][0] for line in lines)
        self._top = min(line["box"][0][1] for line in lines)
        heights = sorted(line["box"][2][1] - line["box"][0][1] for line in lines)
        self._height = heights[len(heights) // 2]
        self._pitch = self._height * rng.uniform(1.2, 2.2)
        self._second = self._left + self._height * rng.choice((8, 12, 20, 28))
        self._lines: list[Json] = []
        self._marks: dict[str, list[list[float]]] = {}
        self._rows = 0

    def party(self, words: Vocabulary, role: str, truth: Mapping[str, Any]) -> None:
        """A heading and the rows under it."""
        rng = self._chance
        colon = rng.choice((":", "", " :"))
        self.row(0, (words.one(role), None))
        rows: list[list[tuple[str, str, str | None]]] = [
            [(words.one("name_label"), truth[role], role)],
            [(words.one("address_label"), part, PARTIES[role]) for part in truth[PARTIES[role]].split(", ", 1)],
        ]
        if rng.happens(0.6):
            number = (words.one("number_label"), str(rng.randrange(10**3, 10**9)), None)
            rows.insert(rng.choice((0, 0, 1, 2)), [number])
        apart = rng.happens(0.3)
        for label, *rest in rows:
            self.row(0, (label[0] + colon, None))
            self._rows -= not apart
            self.row(1, (label[1], label[2]))
            for one in rest:
                self.row(1, (one[1], one[2]))
        self._rows += rng.choice((0, 1))

    def row(self, column: int, *parts: tuple[str, str | None]) -> None:
        """A line in the first or second column, of parts that are marked or not."""
        left, top = (self._second if column else self._left), self._top + self._rows * self._pitch
        bottom, width = top + self._height, 0.5 * self._height
        text = "".join(part for part, _ in parts)
        at, places = 0, []
        for part, mark in parts:
            for word in part.split():
                at = text.index(word, at)
                place = [left + at * width, top, left + (at + len(word)) * width, bottom]
                places.append((word, place))
                at += len(word)
                if mark:
                    self._marks.setdefault(mark, []).append(place)
        words = [{"text": word, "confidence": 0.98, "box": _corners(place)} for word, place in places]
        box = _corners([left, top, left + len(text) * width, bottom])
        self._lines.append({"text": text.strip(), "confidence": 0.97, "box": box, "words": words})
        self._rows += 1

    def document(self, moved: list[str]) -> Json:
        """The document with the form over what is left of it."""
        gone = [box for name in moved for box in self._drawn["marks"].get(name, ())]
        down = self._rows * self._pitch
        kept = [line for line in self._drawn["page"]["lines"] if not _on(line["box"], gone)]
        lines = self._lines + [_lower(line, down) for line in kept]
        marks = {
            name: [[left, top + down, right, bottom + down] for left, top, right, bottom in boxes]
            for name, boxes in self._drawn["marks"].items()
            if name not in moved
        }
        page = {
            **self._drawn["page"],
            "lines": lines,
            "blocks": [],
            "height": int(self._drawn["page"]["height"] + down),
        }
        return {**self._drawn, "page": page, "marks": {**marks, **self._marks}}


def _corners(place: list[float]) -> list[list[float]]:
    left, top, right, bottom = place
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _lower(line: Json, down: float) -> Json:
    words = [{**word, "box": [[x, y + down] for x, y in word["box"]]} for word in line.get("words") or ()]
    return {**line, "box": [[x, y + down] for x, y in line["box"]], "words": words}


def _on(box: list[list[float]], places: list[list[float]]) -> bool:
    """Whether a line holds one of the places."""
    (left, top), (right, bottom) = box[0], box[2]
    return any(left <= (p[0] + p[2]) / 2 <= right and top <= (p[1] + p[3]) / 2 <= bottom for p in places)
