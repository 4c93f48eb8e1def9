from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from evaluation.documents import from_manifest, from_path
from evaluation.run import main
from tests.unit.reading.drawing import TEXTS, drawn

# As the data's own scorer, in small: the share of documents that were read to the letter.
SCORER = """
def score(predictions, gold):
    texts = {line["file"]: line["text"].split() for line in predictions}
    return {"word_f1": sum(texts[line["file"]] == line["text"].split() for line in gold) / len(gold), "cer": None}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "letter.png"), drawn())
    cv2.imwrite(str(tmp_path / "wrong.png"), drawn(["This is what stands here"]))
    lines = [
        {"file": "letter.png", "kind": "page", "text": "\n".join(TEXTS)},
        {"file": "wrong.png", "kind": "receipt", "text": "and this is what the truth claims"},
    ]
    (tmp_path / "score.py").write_text(SCORER, encoding="utf-8")
    path = tmp_path / "manifest.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_a_manifest_is_read_scored_by_its_own_scorer_and_shown_by_kind(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = [str(manifest), "--reader", "olm", "--out", str(out)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert (out / "report.md").read_text(encoding="utf-8") == result.stdout
    assert (out / "reliability-clean.png").exists()
    by_kind = result.stdout.split("### olm")[1].splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in by_kind if line.startswith("|")]
    assert [(row[1], row[4]) for row in rows[2:]] == [("page", "1.0000"), ("receipt", "0.0000"), ("all", "0.5000")]
    first, second = (json.loads(line) for line in (out / "olm-clean.jsonl").read_text("utf-8").splitlines())
    assert first["text"].split("\n") == list(TEXTS)
    assert second["text"] == "This is what stands here"
    assert first["pages"] == 1
    assert first["cpu_seconds"] > 0


def test_a_manifest_without_its_scorer_is_an_error_before_anything_is_read(manifest: Path) -> None:
    (manifest.parent / "score.py").unlink()
    with pytest.raises(FileNotFoundError, match=r"score\.py is missing"):
        CliRunner().invoke(main, [str(manifest)], catch_exceptions=False)


def test_kinds_and_limits_choose_documents(manifest: Path) -> None:
    assert [entry.name for entry in from_manifest(manifest, kinds=["receipt"])] == ["wrong.png"]
    assert len(from_manifest(manifest, limit=1)) == 1
    assert [entry.name for entry in from_path(manifest.parent)] == ["letter.png", "wrong.png"]
