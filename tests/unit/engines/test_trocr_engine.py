from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ocrq.errors import JobCancelled, ModelUnavailable
from tasks.catalogue import entry_for
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.stops import stops
from tests.unit.engines.trocr_samples import TINY, drawn, save_random, some_lines
from worker.engines.protocols import finds_lines, reads_lines
from worker.engines.trocr.checkpoint import load_checkpoint
from worker.engines.trocr.engine import TrocrEngine, load
from worker.engines.trocr.options import decoding_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def engine() -> TrocrEngine:
    return load(str(TINY), Settings())


@pytest.fixture(scope="module")
def sinusoidal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the large model: no learned positions, and an old configuration's use_cache."""
    folder = save_random(
        tmp_path_factory.mktemp("large"),
        use_learned_position_embeddings=False,
        layernorm_embedding=False,
        scale_embedding=True,
        activation_function="relu",
        max_position_embeddings=16,
        use_cache=False,
    )
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "use_cache": False}))
    return folder


def test_the_engine_reads_lines_and_finds_none(engine: TrocrEngine) -> None:
    assert reads_lines(engine)
    assert not finds_lines(engine)
    assert engine.info.name == f"trocr/{TINY}"
    assert entry_for(str(TINY)).engine == "trocr"
    assert engine.info.memory_bytes > 1_000_000


def test_it_reads_lines_in_the_order_given_with_a_probability_for_each_character(engine: TrocrEngine) -> None:
    texts = some_lines(16)
    readings = engine.read([drawn(text) for text in texts], ReadContext())
    words = [word for text in texts for word in text.split()]
    right = sum(
        word in reading.text.split() for text, reading in zip(texts, readings, strict=True) for word in text.split()
    )
    assert right >= 0.9 * len(words)
    for reading in readings:
        assert len(reading.probabilities) == len(reading.text)
        assert all(0 < probability <= 1 for probability in reading.probabilities)


def test_lines_made_wrong_on_purpose_have_lower_confidence(engine: TrocrEngine) -> None:
    texts = some_lines(40, seed=8)
    crops = [drawn(text) for text in texts]
    damaged = [garbled(crop, seed) for seed, crop in enumerate(crops)]
    sure, right = [], []
    for reading, text in zip(engine.read([*crops, *damaged], ReadContext()), texts * 2, strict=True):
        sure.append(float(np.prod(reading.probabilities)) if reading.probabilities else 0.0)
        right.append(reading.text == text)
    assert sum(right) >= 25
    assert auroc(np.array(sure), np.array(right)) >= 0.9


def garbled(crop: np.ndarray, seed: int) -> np.ndarray:
    """Columns in blocks of ten, put in another order."""
    blocks = [crop[:, start : start + 10] for start in range(0, crop.shape[1], 10)]
    order = np.random.default_rng(seed).permutation(len(blocks))
    return np.ascontiguousarray(np.concatenate([blocks[index] for index in order], axis=1))


def auroc(scores: np.ndarray, right: np.ndarray) -> float:
    above = (scores[right][:, None] > scores[~right]).mean()
    return float(above + (scores[right][:, None] == scores[~right]).mean() / 2)


def test_equal_crops_go_through_the_encoder_once(engine: TrocrEngine) -> None:
    one, two = drawn("first word"), drawn("second")
    before = engine.counts.encoded
    readings = engine.read([one, two, one.copy(), one], ReadContext())
    assert engine.counts.encoded - before == 2
    assert readings[0] == readings[2] == readings[3] != readings[1]


def test_each_variant_of_a_crop_is_encoded_once_whatever_the_beams(engine: TrocrEngine) -> None:
    crop = drawn("great picture")
    variants = [crop, crop // 2, 255 - crop]
    calls: list[int] = []
    hook = engine._checkpoint.model.encoder.register_forward_hook(
        lambda _module, _given, result: calls.append(result.last_hidden_state.shape[0])
    )
    engine.read(variants, ReadContext(options={"num_beams": 8}))
    hook.remove()
    assert sum(calls) == len(variants)


def test_nothing_and_next_to_nothing_can_be_read(engine: TrocrEngine) -> None:
    assert engine.read([], ReadContext()) == []
    thin = [np.full(shape, 255, np.uint8) for shape in ((1, 1, 3), (300, 1, 3), (1, 900, 3), (3, 3, 3))]
    assert len(engine.read(thin, ReadContext())) == len(thin)


def test_a_cancel_is_seen_between_decoding_steps() -> None:
    engine = TrocrEngine("trocr/tiny", load_checkpoint(TINY, CPU, torch.float32), check_seconds=0.0)
    looks = 0

    def cancelled() -> bool:
        nonlocal looks
        looks += 1
        return engine.counts.steps >= 3

    with stops(JobCancelled):
        engine.read([drawn("money order paid")], ReadContext(cancelled=cancelled))
    assert engine.counts.steps == 3
    assert looks > 3


def test_half_precision_reads_the_same_on_a_cpu(engine: TrocrEngine) -> None:
    half = load(str(TINY), Settings(cpu_precision="bfloat16"))
    crops = [drawn(text) for text in ("water", "Total 12.00", "small house")]
    assert half._checkpoint.model.dtype == torch.bfloat16
    texts = [reading.text for reading in half.read(crops, ReadContext())]
    assert texts == [reading.text for reading in engine.read(crops, ReadContext())]


def test_the_sinusoidal_table_holds_values_as_precise_as_the_weights(sinusoidal: Path) -> None:
    positions = load_checkpoint(sinusoidal, CPU, torch.bfloat16).model.decoder.model.decoder.embed_positions
    expected = positions.get_embedding(*positions.weights.shape, positions.padding_idx)
    assert positions.weights.device.type == "cpu"
    assert positions.weights.dtype == torch.bfloat16
    assert torch.equal(positions.weights, expected.bfloat16())


def test_reading_to_the_last_position_is_no_index_error(sinusoidal: Path) -> None:
    engine = TrocrEngine("trocr/large", load_checkpoint(sinusoidal, CPU, torch.float32))
    assert engine._network.positions == 16
    warnings: list[str] = []
    options = {"max_length": 5000, "num_beams": 3, "min_length": 5000}
    (reading,) = engine.read([drawn("far too long")], ReadContext(options=options, warn=warnings.append))
    assert len(reading.text) > 0
    assert "decoding_options.max_length: the model has 16 positions; 16 was used" in warnings
    assert any("1 lines had no end" in warning for warning in warnings)


def test_sinusoidal_positions_are_read_where_transformers_reads_them(sinusoidal: Path) -> None:
    checkpoint = load_checkpoint(sinusoidal, CPU, torch.float32)
    engine = TrocrEngine("trocr/large", checkpoint)
    (reading,) = engine.read([drawn("some")], ReadContext(options={"num_beams": 3, "max_length": 12}))
    pixels = checkpoint.processor.image_processor(images=[drawn("some")[:, :, ::-1].copy()], return_tensors="pt")
    expected = checkpoint.model.generate(pixel_values=pixels.pixel_values, num_beams=3, max_length=12)
    assert reading.text == checkpoint.processor.batch_decode(expected, skip_special_tokens=True)[0].strip()


def test_the_cache_is_on_though_the_configuration_says_it_is_not(sinusoidal: Path) -> None:
    checkpoint = load_checkpoint(sinusoidal, CPU, torch.float32)
    assert checkpoint.model.config.use_cache
    engine = TrocrEngine("trocr/large", checkpoint)
    engine.read([drawn("some")], ReadContext(options={"num_beams": 1, "min_length": 10, "max_length": 10}))
    assert engine.counts.rows == engine.counts.steps == 9


def test_pickled_weights_are_refused_with_the_remedy(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    torch.save({}, weights.with_name("pytorch_model.bin"))
    weights.unlink()
    with pytest.raises(ModelUnavailable, match="safetensors") as caught:
        load(str(tmp_path / "model"), Settings())
    assert caught.value.field == "model_name"
    with pytest.raises(ModelUnavailable):
        load_checkpoint(tmp_path / "model", CPU, torch.float32)


def test_a_checkpoint_without_its_tokenizer_is_refused_with_the_remedy(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "model")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "model" / name).unlink()
    with pytest.raises(ModelUnavailable, match="tokenizer"):
        load(str(tmp_path / "model"), Settings())


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelUnavailable):
        load(str(tmp_path / "model"), Settings())


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(TINY, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    kept = {name: each for name, each in load_file(weights).items() if "layers.1.fc1" not in name}
    save_file(kept, weights, metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match="weights"):
        load(str(tmp_path / "model"), Settings())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_new_tokens": 512}, "decoding_options.max_new_tokens: the model has 512 positions; 511 was used"),
        ({"do_sample": True, "num_beams": 4}, "decoding_options.num_beams: sampling reads with one beam; 1 was used"),
        ({"temperature": 0.0, "num_beams": 4}, "decoding_options.num_beams: temperature 0 means greedy; 1 was used"),
        ({"num_return_sequences": 2}, "decoding_options.num_return_sequences: a line has one reading; 1 was used"),
    ],
)
def test_what_is_past_the_model_is_capped_with_a_warning(options: dict[str, Any], expected: str) -> None:
    assert decoding_of(options, 512)[1] == [expected]


def test_temperature_nought_is_greedy_even_where_sampling_is_asked_for() -> None:
    decoding, warnings = decoding_of({"temperature": 0.0, "do_sample": True}, 512)
    assert (decoding.sampling, decoding.beams, warnings) == (False, 1, [])


def test_options_within_the_model_are_taken_without_a_word() -> None:
    options = {"num_beams": 3, "max_length": 100, "min_length": 5, "length_penalty": 0.5, "early_stopping": True}
    decoding, warnings = decoding_of({**options, "top_p": None}, 512)
    assert warnings == []
    assert (decoding.beams, decoding.limit, decoding.least) == (3, 99, 4)
    assert (decoding.length_penalty, decoding.early_stopping) == (0.5, True)
