"""Lines per CPU-second of TrOCR against the way it came to us: ``python -m benchmarks.trocr base --beams 4``.

The original way is one line, one variant, float32 and transformers' ``generate`` without a cache. Both get the same
random weights of the published size and write the same number of tokens. One thread; CPU time of this process, which a
busy machine stretches for both; loading and a warm-up line are not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
import numpy as np
import torch

from benchmarks.trocr_models import make_model, make_processor
from tasks.runner import ReadContext
from worker.engines.trocr.beams import Vocabulary
from worker.engines.trocr.checkpoint import Checkpoint, settle_positions
from worker.engines.trocr.crops import picture
from worker.engines.trocr.engine import TrocrEngine
from worker.page import Pixels

PRECISIONS = {"bfloat16": torch.bfloat16, "float32": torch.float32}


@click.command()
@click.argument("size", type=click.Choice(["base", "large"]), default="base")
@click.option("--beams", default="4", help="One or more numbers with commas; all share the model.")
@click.option("--variants", default=1, help="Of each line, all in one list.")
@click.option("--lines", default=16)
@click.option("--tokens", default=12, help="That each line gets; a line of print of 40 characters has about 12.")
@click.option("--precision", type=click.Choice([*PRECISIONS]), default="bfloat16")
@click.option("--original-lines", default=1, help="Read the original way; 0 leaves that out.")
@click.option("--original-beams", type=int, help="If not the same as --beams.")
def main(
    size: str,
    beams: str,
    variants: int,
    lines: int,
    tokens: int,
    precision: str,
    original_lines: int,
    original_beams: int | None,
) -> None:
    """Print lines per CPU-second of the engine and of the original way."""
    torch.set_num_threads(1)
    model, processor = make_model(size), make_processor()
    crops = some_crops(lines * variants)
    all_beams = [int(each) for each in beams.split(",")]
    originals = {}
    for each in sorted({original_beams or count for count in all_beams} if original_lines else ()):
        originals[each] = original(model, processor, crops[:original_lines], tokens, each)
        click.echo(f"original, {size}, beams {each}: {originals[each]:.2f} CPU s a line", err=False)
    settle_positions(model.to(PRECISIONS[precision]))
    engine = TrocrEngine(f"trocr/{size}", Checkpoint(model, processor, Vocabulary(2, 2, 1)))
    timed(engine, crops[:1], tokens, 1)
    for each in all_beams:
        seconds = timed(engine, crops, tokens, each)
        click.echo(f"ours, {size}, {precision}, beams {each}, {len(crops)} lines: {seconds:.3f} CPU s a line", nl=False)
        against = originals.get(original_beams or each)
        click.echo(f", {against / seconds:.1f} times the lines of the original" if against else "")


def some_crops(count: int) -> list[Pixels]:
    """Noise as wide as lines of print are: random weights read nothing in either case."""
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (32, int(random.integers(300, 600)), 3), dtype=np.uint8) for _ in range(count)]


def original(model: Any, processor: Any, crops: list[Pixels], tokens: int, beams: int) -> float:
    """CPU seconds a line, one after another through transformers' own generate, without a cache."""

    def read(crop: Pixels) -> None:
        pixels = processor(images=picture(crop), return_tensors="pt").pixel_values
        found = model.generate(
            pixels, num_beams=beams, max_new_tokens=tokens, min_new_tokens=tokens, use_cache=False, do_sample=False
        )
        assert found.shape[1] == tokens + 1

    with torch.inference_mode():
        return cpu_seconds(lambda: [read(crop) for crop in crops]) / len(crops)


def timed(engine: TrocrEngine, crops: list[Pixels], tokens: int, beams: int) -> float:
    """CPU seconds a line through the engine."""
    options = {"num_beams": beams, "max_new_tokens": tokens}
    before = engine.counts.rows
    seconds = cpu_seconds(lambda: engine.read(crops, ReadContext(options=options)))
    assert engine.counts.rows - before >= len(crops) * (1 + beams * (tokens - 2)), "a line ended early"
    return seconds / len(crops)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
