"""Fields through the real stack: read, extracted, evidenced, valid; hostile schemas stop at every transport."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.documents import as_png, text_page
from tests.live.stack.running import Up

LINES = [
    "ACME TRADING LTD",
    "Invoice Number: INV-0017",
    "Date: 31/01/2024",
    "Subtotal 100.00",
    "Tax 6.00",
    "Total 106.00",
]
SCHEMA = {"invoice_number": "string", "date": "string", "subtotal": "number", "tax": "number", "total": "number"}
EXPECTED = {"invoice_number": "INV-0017", "date": "2024-01-31", "subtotal": 100.0, "tax": 6.0, "total": 106.0}


def ask(up: Up, endpoint: str, schema: Any) -> httpx.Response:
    request = {"image": base64.b64encode(as_png(text_page(LINES))).decode(), "schema": schema}
    return httpx.post(f"{up.url}/{endpoint}", json=request, timeout=120)


@pytest.mark.parametrize("endpoint", ["extract_structured", "extract_structured_robust"])
def test_fields_come_with_their_evidence(up: Up, endpoint: str) -> None:
    answer = ask(up, endpoint, SCHEMA)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["structured_data"] == EXPECTED
    assert result["metadata"]["schema_keys"] == list(SCHEMA)
    assert "INV-0017" in result["metadata"]["source_text"]
    for name, field in result["fields"].items():
        assert field["page"] == 1, name
        assert field["text"] in result["metadata"]["source_text"], name
        assert len(field["box"]) == 4, name
        assert 0.5 < field["confidence"] <= 1, name


def test_a_hostile_schema_is_refused_at_submission(up: Up) -> None:
    answer = ask(up, "extract_structured", {"type": "object", "properties": {"a": {"$ref": "#"}}})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_schema", "schema")


def test_the_command_line_reads_fields(up: Up, tmp_path: Any) -> None:
    document, schema = tmp_path / "invoice.png", tmp_path / "schema.json"
    document.write_bytes(as_png(text_page(LINES)))
    schema.write_text(json.dumps(SCHEMA))
    command = [sys.executable, "-m", "ocrq", "read", str(document), "--schema", str(schema), "--server", up.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EXPECTED
