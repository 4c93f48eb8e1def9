from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import base64, json
import worker.main
from ocrq.errors import OcrqError
from tasks.ocr import extract_structured, extract_text
from tests.documents import as_tiff, text_page

image = base64.b64encode(as_tiff([text_page(["x"], size=(60, 40))] * 2)).decode()
result = extract_text(request={"image": image})
try:
    extract_text({"image": "!"})
except OcrqError as error:
    bad = error.args
try:
    extract_structured({"image": image})
except OcrqError as error:
    unasked = error.args
print(json.dumps([len(result["pages"]), result["metadata"]["served_by"], bad[0], unasked[0]]))
"""


def test_a_task_function_is_called_directly_without_a_broker() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "OCRQ_MODEL": "fake", "REDIS_URL": "redis://127.0.0.1:1/0"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [2, "fake/fixed", "invalid_image", "invalid_schema"]
