"""On the tiny checkpoints, which know the pages beside them by heart: the engine's true code, from picture to text."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from ocrq.errors import JobCancelled, ModelUnavailable, TimeLimitExceeded
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.stops import stops
from worker.engines.prompts import NATURALLY
from worker.engines.vlm.checkpoint import Checkpoint
from worker.engines.vlm.engine import VlmEngine, load
from worker.engines.vlm.generation import generate
from worker.engines.vlm.options import decoding_for
from worker.engines.vlm.prompt import inputs_for, prompt_text
from worker.engines.vlm.text import answer_of
from worker.page import PageImage, Pixels

DATA = Path(__file__).parents[2] / "data"
QWEN, LIGHTON = DATA / "tiny-qwen2_5-vl", DATA / "tiny-lighton-ocr"

INVOICE = "Harbour Street Bakery\n\nInvoice number 4817\nDate 2026-03-14\nTotal due 23.67 EUR"
DELIVERY = "Lieferschein 2290\n\nMenge\nArtikel\n3\nBrezel\n12\nBrote\n\nMit bestem Dank"
NOTICE = "Notice to all tenants\n\nThe lift will be repaired\non Monday 5 October\nPlease use the stairs"
CHAPTER = "Chapter the ninth\n\nThe road went on"


@pytest.fixture(scope="module")
def engine() -> VlmEngine:
    return load(str(QWEN), Settings())


@pytest.fixture(scope="module")
def checkpoint(engine: VlmEngine) -> Checkpoint:
    return engine._checkpoint


def page(name: str, folder: Path = QWEN) -> PageImage:
    pixels = cv2.imread(str(folder / f"{name}.png"))
    assert pixels is not None
    return PageImage(1, np.asarray(pixels, np.uint8))


def texts(engine: VlmEngine, names: Sequence[str], **options: Any) -> list[str]:
    pages = [page(name) for name in names]
    return [reading.text for reading in engine.read(pages, None, ReadContext(options=options))]


def test_known_pages_are_read_and_their_front_matter_is_no_text(engine: VlmEngine) -> None:
    readings = engine.read([page("invoice"), page("delivery")], None, ReadContext())
    assert [reading.text for reading in readings] == [INVOICE, DELIVERY]
    for reading in readings:
        assert (reading.warnings, reading.turns, reading.cut, reading.failure) == ((), 0, False, None)
        assert len(reading.probabilities) == len(reading.text)
        assert reading.probability is not None
        assert reading.probability > 0.9


def test_a_blank_page_has_no_text_and_no_warning(engine: VlmEngine) -> None:
    (reading,) = engine.read([page("blank")], None, ReadContext())
    assert (reading.text, reading.probability, reading.warnings) == ("", 0.0, ())


def test_a_batch_gives_what_single_pages_give_whatever_their_sizes(engine: VlmEngine) -> None:
    pages = [page(name) for name in ("delivery", "turned", "invoice", "loop", "blank")]
    together = engine.read(pages, None, ReadContext())
    for single, reading in zip(pages, together, strict=True):
        (alone,) = engine.read([single], None, ReadContext())
        assert reading.text == alone.text
        assert (reading.turns, reading.cut, reading.warnings) == (alone.turns, alone.cut, alone.warnings)
        assert reading.probabilities == pytest.approx(alone.probabilities, abs=1e-3)


def test_a_page_the_model_says_stands_turned_is_turned_and_read_again(engine: VlmEngine) -> None:
    (reading,) = engine.read([page("turned")], None, ReadContext())
    assert reading.text == NOTICE
    assert reading.turns == 3, "its text stood a quarter anticlockwise"


def test_a_loop_is_stopped_cut_off_and_reported_and_its_neighbours_are_read(engine: VlmEngine) -> None:
    looped, notice = engine.read([page("loop"), page("notice")], None, ReadContext())
    assert looped.text.startswith(CHAPTER)
    assert looped.text.count("and on and on") < 20, "of the hundreds it would write"
    assert looped.cut
    assert "repeated itself" in looped.warnings[0]
    assert notice.text == NOTICE


def test_a_page_of_nothing_but_a_loop_is_not_read_and_its_neighbours_are(engine: VlmEngine) -> None:
    invoice, failed = engine.read([page("invoice"), page("only_loop")], None, ReadContext())
    assert invoice.text == INVOICE
    assert failed.text == ""
    assert failed.failure is not None
    assert "repeated one piece" in failed.failure


def test_a_text_longer_than_allowed_is_cut_and_reported(engine: VlmEngine) -> None:
    (reading,) = engine.read([page("invoice")], None, ReadContext(options={"max_new_tokens": 60}))
    assert reading.cut
    assert INVOICE.startswith(reading.text)
    assert "cut off at 60 tokens" in reading.warnings[0]


def test_beams_read_the_same_and_give_probabilities(engine: VlmEngine) -> None:
    pages = [page("invoice"), page("notice")]
    greedy = engine.read(pages, None, ReadContext())
    beams = engine.read(pages, None, ReadContext(options={"num_beams": 3, "max_new_tokens": 120}))
    for one, other in zip(greedy, beams, strict=True):
        assert one.text == other.text
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-3)


def test_the_same_seed_samples_the_same_text_and_leaves_other_chance_alone(engine: VlmEngine) -> None:
    torch.manual_seed(1)
    expected = float(torch.rand(1))
    torch.manual_seed(1)
    options = {"temperature": 2.0, "seed": 5, "max_new_tokens": 40}
    first = texts(engine, ["invoice"], **options)
    assert float(torch.rand(1)) == expected
    assert texts(engine, ["invoice"], **options) == first
    assert texts(engine, ["invoice"], **{**options, "seed": 6}) != first


@pytest.mark.parametrize("beams", [1, 3])
def test_token_probabilities_are_those_the_model_gives_the_whole_text_at_once(
    checkpoint: Checkpoint, beams: int
) -> None:
    pages = [page("invoice").pixels, page("notice").pixels]
    inputs = inputs_for(checkpoint, pages, None)
    generated = generate(checkpoint, inputs, decoding_for({"num_beams": beams}, 400, None), ReadContext())
    for index, one in enumerate(generated):
        alone = inputs_for(checkpoint, [pages[index]], None)
        given = alone["input_ids"]
        written = torch.tensor([one.tokens])
        whole = {**alone, "input_ids": torch.cat((given, written), 1)}
        whole["attention_mask"] = torch.ones_like(whole["input_ids"])
        whole["mm_token_type_ids"] = torch.cat((alone["mm_token_type_ids"], torch.zeros_like(written)), 1)
        with torch.inference_mode():
            logits = checkpoint.model(**whole).logits[0, given.shape[1] - 1 : -1]
        expected = torch.log_softmax(logits, -1).gather(1, written.T)[:, 0].exp()
        assert one.probabilities == pytest.approx(expected.tolist(), abs=1e-3)


def stopping(after: int) -> tuple[Callable[[], bool], list[int]]:
    """Says that the job is cancelled from the n-th time on that it is asked."""
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(len(asked))
        return len(asked) > after

    return cancelled, asked


def test_cancelling_stops_at_the_next_token(engine: VlmEngine) -> None:
    cancelled, asked = stopping(after=20)
    with stops(JobCancelled):
        engine.read([page("invoice")], None, ReadContext(cancelled=cancelled))
    assert len(asked) == 21


def test_the_deadline_stops_a_generation(engine: VlmEngine) -> None:
    with stops(TimeLimitExceeded):
        engine.read([page("invoice")], None, ReadContext(deadline=time.monotonic() - 1))


def test_olmocrs_prompt_stands_before_the_picture_and_a_callers_own_replaces_it(
    checkpoint: Checkpoint,
) -> None:
    asked = prompt_text(checkpoint, None)
    assert asked is not None
    assert NATURALLY in asked
    assert asked.index(NATURALLY) < asked.index("<|image_pad|>")
    own = prompt_text(checkpoint, "List the prices.")
    assert own is not None
    assert "List the prices." in own
    assert NATURALLY not in own


def test_characters_of_several_tokens_share_their_probability(checkpoint: Checkpoint) -> None:
    tokenizer = checkpoint.processor.tokenizer
    text = "Grüße 漢字 👍 end"
    tokens = tokenizer(text)["input_ids"]
    assert len(tokens) > len(text), "characters it never saw come byte by byte"
    answer = answer_of(tokenizer, tokens, [0.9] * len(tokens))
    assert answer.text == text
    assert math.prod(answer.probabilities) == pytest.approx(0.9 ** len(tokens))


def test_it_declares_the_memory_that_it_takes(engine: VlmEngine, checkpoint: Checkpoint) -> None:
    parameters = sum(parameter.numel() * 4 for parameter in checkpoint.model.parameters())
    assert parameters <= engine.info.memory_bytes < 2 * parameters


def test_another_family_reads_its_pages_by_its_own_preset() -> None:
    engine = load(str(LIGHTON), Settings())
    readings = engine.read([page("invoice", LIGHTON), page("notice", LIGHTON)], None, ReadContext())
    assert [reading.text for reading in readings] == [INVOICE, NOTICE]
    (looped,) = engine.read([page("loop", LIGHTON)], None, ReadContext())
    assert looped.text.startswith(CHAPTER)
    assert looped.cut


def copied(folder: Path) -> Path:
    target = folder / "model"
    shutil.copytree(QWEN, target, ignore=shutil.ignore_patterns("*.png"))
    return target


def test_weights_that_are_not_in_safetensors_are_refused(tmp_path: Path) -> None:
    target = copied(tmp_path)
    (target / "model.safetensors").unlink()
    torch.save({}, target / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="safetensors"):
        load(str(target), Settings())


def test_code_beside_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    target = copied(tmp_path)
    ran = tmp_path / "ran"
    (target / "evil.py").write_text(f"open({str(ran)!r}, 'w').write('ran')\nclass Config: pass\n")
    config = (target / "config.json").read_text()
    evil = '"auto_map": {"AutoConfig": "evil.Config", "AutoModelForImageTextToText": "evil.Config"},'
    (target / "config.json").write_text(config.replace("{", "{" + evil, 1))
    reading = load(str(target), Settings()).read([page("notice")], None, ReadContext())
    assert reading[0].text == NOTICE
    assert not ran.exists()


def test_a_model_of_another_kind_is_refused_with_a_remedy(tmp_path: Path) -> None:
    target = copied(tmp_path)
    config = (target / "config.json").read_text()
    (target / "config.json").write_text(config.replace('"qwen2_5_vl"', '"no_such_kind"'))
    with pytest.raises(ModelUnavailable, match="docs/models.md"):
        load(str(target), Settings())


def blank(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1)])
def test_any_shape_of_page_can_be_read(engine: VlmEngine, shape: tuple[int, int]) -> None:
    (reading,) = engine.read([PageImage(1, blank(*shape))], None, ReadContext(options={"max_new_tokens": 8}))
    assert reading.failure is None
