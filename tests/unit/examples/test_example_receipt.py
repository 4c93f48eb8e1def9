from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).parents[3] / "examples"


def make(folder: Path) -> None:
    folder.mkdir()
    subprocess.run([sys.executable, EXAMPLES / "make_receipt.py", folder], check=True, timeout=60)


def test_the_script_makes_the_receipt_that_lies_beside_it(tmp_path: Path) -> None:
    make(tmp_path / "made")
    assert (tmp_path / "made" / "receipt.txt").read_text() == (EXAMPLES / "receipt.txt").read_text()
    with Image.open(tmp_path / "made" / "receipt.jpg") as made, Image.open(EXAMPLES / "receipt.jpg") as kept:
        assert made.size == kept.size
        apart = np.abs(np.asarray(made, np.float32) - np.asarray(kept, np.float32))
    assert apart.mean() < 4  # of 255: the same picture, whichever libjpeg and FreeType wrote it


def test_the_receipt_is_small_and_adds_up() -> None:
    assert (EXAMPLES / "receipt.jpg").stat().st_size < 200_000
    lines = (EXAMPLES / "receipt.txt").read_text().splitlines()
    amounts = {
        name: round(100 * float(value)) for name, value in (re.split(r" (?=\S+$)", line) for line in lines[7:16])
    }
    items = list(amounts)[:6]
    assert sum(amounts[name] for name in items) == amounts["Subtotal"]
    assert amounts["Subtotal"] + amounts["Tax 8%"] == amounts["TOTAL"] == 2367
