"""Train classes of Latin letters and signs on the recogniser's features: ``python -m training.added_letters FOLDER``.

The network stays as it is. Lines are drawn, and their features kept in FOLDER; a run with more lines goes on there.
"""

from __future__ import annotations

import itertools
import random
import time
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import Tensor
from torch.nn import functional as F
from wordfreq import top_n_list

from training import values
from training.fonts import covered, installed
from training.random_source import RandomSource
from training.scripts.lines import drawn_lines
from training.scripts.script_classifier import networks, scribble
from worker.engines.ppocr.added_letters import FILE
from worker.engines.ppocr.classifier import common_classes, last_layer
from worker.engines.ppocr.glyphs import BLANK, STEP_PIXELS
from worker.engines.ppocr.models import alphabet_of, recognition_model
from worker.engines.ppocr.recognition import padded, to_strip
from worker.page import Pixels

VIETNAMESE = "ảạằắẳẵặầấẩẫậẻẽẹềếểễệỉịỏọốổỗộờớởỡợủụừứửữựỳỷỹỵ"
ADDED = VIETNAMESE + VIETNAMESE.upper() + "¡„"
CHANGED = "İıďťĎŤŽÞþÐðȚțȘșŞşĞğ¿ïÏ₺₩₽₴₫₱₪₹ươƯƠđĐăĂĩĨũŨýÝ"
"""Letters that have a class, and lose to a likelier one."""

LIKE = {"¡": "i", "„": ","}
"""Where their training starts; letters start at what they are without their last mark."""

LANGUAGES = {"vi": 40, "en": 8, "money": 7, "tr": 6, "cs": 6, "ro": 6, "is": 5, "es": 5, "sk": 4, "fr": 4, "de": 4}
LANGUAGES |= {"pl": 3, "hu": 3, "values": 3, "pt": 2, "lt": 2, "lv": 2}
"""Shares of the lines."""

SIGNS = "₺₩₽₴₫₱₪₹€£¥$"
QUOTED = frozenset(("de", "cs", "sk", "pl", "ro", "hu"))
RULES = ("*", "-", "=", "#", "_", ".", "* ", "- ", "~", "+")
PLAIN = (
    "#%s",
    "%s#",
    "# %s",
    "%s # 104",
    "*%s*",
    "** %s **",
    "www.%s.com",
    "%s@example.org",
    "%s @ 6%%",
    "(%s)",
    ">%s",
)
PLAIN_SIGNS = "######@*&©>"
WORDS_EACH, HELD_OUT_PARTS = 8000, 8
NETWORKS = {"recognition": 65, "degraded_recognition": 25, "released_recognition": 10}
HELD_OUT_FAMILIES = (
    "Carlito",
    "NotoSerif-",
    "Ubuntu",
    "Gentium",
    "Lato",
    "LiberationSerif",
    "texgyrepagella",
    "OpenSans",
)
ODD = ("Script", "Hairline", "Thin", "Symbol", "Math")
CLEAN_SHARE, EMPTY_SHARE, SIDEWAYS_SHARE = 0.7, 0.1, 0.1
WIDEST, NARROWEST = 1600, 8
PART = 250
"""Lines of a file."""

MARGIN = 5.0
"""Taken off the logits of added letters and of currency signs: 3 cost lines with them .001 and kept values and signs as
they were; on receipts that read badly two words in 2,000 were still taken for them."""

RATES, STEPS_A_BATCH, DECAY = (0.02, 0.005), 3000, 1e-3
"""Of added and of changed classes; output steps of a batch; pull of changed classes to the released ones."""


@dataclass(frozen=True)
class Stored:
    """A line's features, steps x channels, and its text."""

    features: NDArray[np.float16]
    text: str


class Texts:
    """Draws lines' texts.

    Args:
        rng: Draws.
        held_out: Of words for measuring only.
    """

    def __init__(self, rng: RandomSource, held_out: bool) -> None:
        self._rng, self._held_out = rng, held_out

    def line(self, longest: int) -> str:
        """A text of at most so many characters."""
        rng = self._rng
        language = rng.by_share(LANGUAGES)
        if language == "values":
            return " ".join(self._value() for _ in range(rng.randint(1, 3)))[:longest].strip() or "0"
        if language == "money":
            return " ".join(self._money() for _ in range(rng.randint(1, 4)))[:longest].strip()
        known = _words(language, self._held_out)
        words = [known[int(len(known) * rng.random() ** 1.5)] for _ in range(rng.randint(1, 14))]
        draw = rng.random()
        for index, word in enumerate(words):
            if draw < 0.12:
                words[index] = _upper(word, language)
            elif draw < 0.3 or rng.happens(0.15):
                words[index] = _upper(word[0], language) + word[1:]
            words[index] = self._among_signs(words[index], language)
        text = " ".join(words)
        while len(text) > longest:
            text = text.rpartition(" ")[0] or text[:longest]
        return text.strip()

    def _value(self) -> str:
        """What stands on receipts and invoices beside words: signs are not to be taken for letters with marks."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.3:
            return rng.choice(RULES) * rng.randint(2, 30)
        if draw < 0.6:
            word = rng.choice(_words("en", self._held_out))
            return rng.choice(PLAIN).replace("#", rng.choice(PLAIN_SIGNS)) % (
                word.upper() if rng.happens(0.5) else word
            )
        return rng.choice((values.amount, values.date, values.code, values.labelled, values.nonsense))(rng)

    def _among_signs(self, word: str, language: str) -> str:
        draw = self._rng.random()
        if draw < 0.06:
            return word + self._rng.choice(",.:;")
        if draw < 0.09 and language == "es":
            return self._rng.choice(("¿%s?", "¡%s!")) % word
        return f"„{word}“" if draw < 0.09 and language in QUOTED else word

    def _money(self) -> str:
        rng, sign = self._rng, self._rng.choice(SIGNS)
        whole = rng.choice((str(rng.randint(1, 9999)), f"{rng.randint(1, 9)}.{rng.randint(100, 999)}"))
        amount = whole if rng.happens(0.5) else f"{rng.randint(1, 999)},{rng.randint(0, 99):02d}"
        return rng.choice((f"{sign}{amount}", f"{amount} {sign}", f"{amount}{sign}"))


@cache
def _words(language: str, held_out: bool) -> list[str]:
    known = [word for word in top_n_list(language, WORDS_EACH) if not word.isdigit()]
    return [word for word in known if (zlib.crc32(word.encode()) % HELD_OUT_PARTS == 0) == held_out]


def _upper(text: str, language: str) -> str:
    return (text.replace("i", "İ").replace("ı", "I") if language == "tr" else text).upper()


def drawn(seed: int, held_out: bool) -> Iterator[Stored]:
    """Lines without end, with their features."""
    rng = RandomSource(seed)
    fonts = [
        path
        for path in installed()
        if path.name.startswith(HELD_OUT_FAMILIES) == held_out and not any(odd in path.name for odd in ODD)
    ]
    fonts = [path for path in fonts if set("abcáñüéß") <= covered(path)]

    def font_of(text: str) -> Path:
        drawn = [rng.choice(fonts) for _ in range(12)]
        return next((path for path in drawn if set(text) - {" "} <= covered(path)), drawn[0])

    compiled = networks()
    clean = 1.0 if held_out else CLEAN_SHARE
    lines = drawn_lines(Texts(rng, held_out).line, font_of, rng, clean)
    while True:
        crop, text = (_empty(rng), "") if rng.happens(EMPTY_SHARE) else next(lines)
        if text and rng.happens(SIDEWAYS_SHARE):
            crop, text = np.ascontiguousarray(np.rot90(crop, rng.choice((1, 3)))), ""
        strip = to_strip(crop)
        if NARROWEST <= strip.shape[1] <= WIDEST:
            name = "recognition" if held_out else rng.by_share(NETWORKS)
            features = compiled[name](padded(strip)[np.newaxis])[0][0, : -(-strip.shape[1] // STEP_PIXELS)]
            yield Stored(features.astype(np.float16), text)


def _empty(rng: RandomSource) -> Pixels:
    """A crop without text: plain, or with a scribble."""
    if rng.happens(0.5):
        return scribble(rng)
    height, level = rng.randint(12, 70), rng.randint(120, 255)
    pixels = np.full((height, height * rng.randint(1, 20), 3), level, np.float32)
    pixels += rng.arrays.normal(0, rng.choice((0.0, 1.0, 5.0, 12.0)), (*pixels.shape[:2], 1))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def stored(folder: Path, lines: int, seed: int, held_out: bool) -> list[Stored]:
    """So many lines, of which those that are in the folder are not drawn again."""
    result: list[Stored] = []
    for part in range(-(-lines // PART)):
        path = folder / f"{'held' if held_out else 'lines'}-{part}.npz"
        if not path.exists():
            some = list(itertools.islice(drawn(seed + part, held_out), PART))
            features = {f"f{index}": line.features for index, line in enumerate(some)}
            np.savez_compressed(path, allow_pickle=False, texts=np.array([line.text for line in some]), **features)
        with np.load(path, allow_pickle=False) as file:
            result += [Stored(file[f"f{index}"], str(text)) for index, text in enumerate(file["texts"])]
    return result[:lines]


class Classes:
    """The common classes, of which some are trained, and the added ones."""

    def __init__(self) -> None:
        model = recognition_model("recognition")
        alphabet, layer = alphabet_of(model), last_layer(model)
        of = {character: index for index, character in reversed(list(enumerate(alphabet))) if character}
        known = dict.fromkeys(map(int, common_classes(alphabet, layer)))
        chosen = list({BLANK: None, **known, **{of[character]: None for character in CHANGED}})
        self.place = {alphabet[index]: at for at, index in enumerate(chosen) if index != BLANK}
        self._weights, self._bias = torch.from_numpy(layer.weights[:, chosen]), torch.from_numpy(layer.bias[chosen])
        start = [self._start(character) for character in ADDED]
        self._changed = [self.place[character] for character in CHANGED]
        self.place |= {character: len(chosen) + at for at, character in enumerate(ADDED)}
        self.characters = {at: character for character, at in self.place.items()}
        self.added = [self._weights[:, start].clone().requires_grad_(), (self._bias[start] - 3).requires_grad_()]
        shape = len(self._weights), len(self._changed)
        self.change = [torch.zeros(shape, requires_grad=True), torch.zeros(shape[1], requires_grad=True)]

    def _start(self, character: str) -> int:
        parts = unicodedata.normalize("NFD", character)
        candidates = (LIKE.get(character, ""), unicodedata.normalize("NFC", parts[:2]), parts[0])
        return next(self.place[one] for one in candidates if one in self.place)

    def layer(self) -> tuple[Tensor, Tensor]:
        """Weights and bias of all."""
        weights, bias = self._weights.clone(), self._bias.clone()
        weights[:, self._changed] = weights[:, self._changed] + self.change[0]
        bias[self._changed] = bias[self._changed] + self.change[1]
        return torch.cat([weights, self.added[0]], 1), torch.cat([bias, self.added[1]])

    def load(self, path: Path) -> None:
        """Go on from classes that were saved."""
        released = self._weights[:, self._changed], self._bias[self._changed]
        with np.load(path, allow_pickle=False) as file, torch.no_grad():
            for value, name in zip(self.added, ("weights", "bias"), strict=True):
                value.copy_(torch.from_numpy(file[name].astype(np.float32)))
            for value, name, old in zip(self.change, ("weights", "bias"), released, strict=True):
                value.copy_(torch.from_numpy(file[f"changed_{name}"].astype(np.float32)) - old)
            self.added[1] += MARGIN
            self.change[1] += MARGIN * torch.tensor([float(character in SIGNS) for character in CHANGED])

    def loss(self, batch: Sequence[Stored]) -> Tensor:
        """CTC's loss per character."""
        longest = max(len(line.features) for line in batch)
        features = torch.zeros(len(batch), longest, len(self._weights))
        for row, line in zip(features, batch, strict=True):
            row[: len(line.features)] = torch.from_numpy(line.features).float()
        weights, bias = self.layer()
        targets = [self.place[character] for line in batch for character in line.text]
        whole = F.ctc_loss(
            F.log_softmax(features @ weights + bias, -1).transpose(0, 1),
            torch.tensor(targets),
            torch.tensor([len(line.features) for line in batch]),
            torch.tensor([len(line.text) for line in batch]),
            BLANK,
            reduction="sum",
            zero_infinity=True,
        )
        return whole / max(1, len(targets)) + DECAY * (self.change[0] ** 2).sum() / len(CHANGED)

    def error_rate(self, lines: Sequence[Stored]) -> float:
        """Character errors by characters, greedy, blanks not counted."""
        wrong = total = 0
        with torch.no_grad():
            weights, bias = self.layer()
            for line in lines:
                best = (torch.from_numpy(line.features).float() @ weights + bias).argmax(1).tolist()
                read = "".join(self.characters.get(index, "\ufffd") for index, _ in itertools.groupby(best) if index)
                text = line.text.replace(" ", "")
                wrong, total = wrong + Levenshtein.distance(read.replace(" ", ""), text), total + len(text)
        return wrong / max(1, total)

    def save(self, out: Path) -> None:
        """Write the trained classes."""
        weights, bias = (value.detach().numpy() for value in self.layer())
        signs = np.array([character in SIGNS for character in CHANGED])
        arrays = {"weights": weights[:, -len(ADDED) :], "bias": bias[-len(ADDED) :] - MARGIN}
        arrays |= {"changed_weights": weights[:, self._changed], "changed_bias": bias[self._changed] - MARGIN * signs}
        arrays = {name: value.astype(np.float16) for name, value in arrays.items()}
        texts = {"characters": np.array(ADDED), "changed": np.array(CHANGED)}
        np.savez_compressed(out, allow_pickle=False, **texts, **arrays)


def batches(lines: list[Stored], order: random.Random) -> Iterator[list[Stored]]:
    """Every line once, with others of about its length."""
    ranked = sorted(lines, key=lambda line: len(line.features) + order.random() * 6)
    groups: list[list[Stored]] = [[]]
    for line in ranked:
        if len(line.features) * (len(groups[-1]) + 1) > STEPS_A_BATCH and groups[-1]:
            groups.append([])
        groups[-1].append(line)
    order.shuffle(groups)
    yield from groups


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lines", default=3000, show_default=True)
@click.option("--held-out", default=250, show_default=True, help="Lines to measure on.")
@click.option("--minutes", default=5.0, show_default=True, help="Of processor time.")
@click.option("--seed", default=11, show_default=True)
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Go on from these classes.")
@click.option("--out", type=click.Path(path_type=Path), default=FILE, show_default=False)
def main(folder: Path, lines: int, held_out: int, minutes: float, seed: int, start: Path | None, out: Path) -> None:
    """Draw lines, train on them for so long, and save the classes."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    classes, order = Classes(), random.Random(seed)
    if start:
        classes.load(start)
    own = [line for line in stored(folder, lines, seed * 1000, False) if set(line.text) <= set(classes.place)]
    measured = stored(folder, held_out, 900_000, True)
    click.echo(f"before: {classes.error_rate(measured):.4f}", err=True)
    groups = [{"params": some, "lr": rate} for some, rate in zip((classes.added, classes.change), RATES, strict=True)]
    optimiser = torch.optim.Adam(groups)
    began, share = time.process_time(), 0.0
    while share < 1:
        for batch in batches(own, order):
            share = min(1.0, (time.process_time() - began) / (60 * minutes))
            for group, rate in zip(optimiser.param_groups, RATES, strict=True):
                group["lr"] = rate * (0.5 * (1 + np.cos(np.pi * share)) + 0.01)
            optimiser.zero_grad()
            loss = classes.loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        click.echo(f"{share:.2f}: {classes.error_rate(measured):.4f}", err=True)
        classes.save(out)


if __name__ == "__main__":
    main()
