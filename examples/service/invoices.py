"""A service of its own, with tasks of its own, that has documents read by ocrq's workers: it needs celery alone.

    pip install "celery[redis]"
    export REDIS_URL=redis://localhost:6379/0
    celery -A invoices worker -Q invoices &
    python invoices.py one.jpg two.pdf

Each invoice is read and filed away; when all are, their totals are added up.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from celery import Celery, chain, chord
from celery.canvas import Signature

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
READERS = "celery"  # the queue that ocrq's workers take calls from; never let your own workers read it
OURS = "invoices"  # and never let your own tasks land there: an ocrq worker knows none of them
SCHEMA = {"invoice_number": "string", "total": "number"}
MODEL = os.environ.get("OCRQ_EXAMPLE_MODEL")  # one of the service's list; its default without it
PATIENCE_SECONDS = 300

# Broker and result backend are both the readers' Redis: their results could not be found elsewhere.
app = Celery("invoices", broker=REDIS_URL, backend=REDIS_URL)
app.conf.update(task_default_queue=OURS, task_serializer="json", result_serializer="json", accept_content=["json"])


def read(document: bytes) -> Signature:
    """A call of ocrq's task: by its name, since its code is not here."""
    request: dict[str, Any] = {
        "image": base64.b64encode(document).decode("ascii"),
        "schema": SCHEMA,
        "priority": "bulk",
    }
    if MODEL:
        request["model_name"] = MODEL
    return app.signature("ocr.extract_structured", kwargs={"request": request}, queue=READERS, immutable=True)


@app.task(name="invoices.file_away")
def file_away(result: dict[str, Any], name: str) -> dict[str, Any]:
    """What is kept of an invoice; ``result`` is what ocrq's task returned."""
    return {"file": name, **result["structured_data"], "confidence": result["confidence"]}


@app.task(name="invoices.add_up")
def add_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The sum of what was found, and the files whose total was not."""
    found = [row["total"] for row in rows if row.get("total") is not None]
    missing = [row["file"] for row in rows if row.get("total") is None]
    return {"invoices": rows, "total": round(sum(found), 2), "without_total": missing}


def total_of(paths: list[Path]) -> dict[str, Any]:
    """Read all, file each away, add up.

    Raises:
        Exception: A document could not be read, and so nothing was added up; the ``args`` of its cause are
            ``(code, detail, {"field": …, "retryable": …})``.
    """
    header = [chain(read(path.read_bytes()), file_away.s(path.name).set(queue=OURS)) for path in paths]
    pending = chord(header, app=app)(add_up.s().set(queue=OURS))
    result: dict[str, Any] = pending.get(timeout=PATIENCE_SECONDS)
    return result


def main(paths: list[Path]) -> int:
    """Print the sum, or what was wrong."""
    try:
        print(json.dumps(total_of(paths), indent=2))
    except Exception as error:  # Celery's ChordError holds the reader's error as its cause, or in words
        print(f"nothing was added up: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python invoices.py FILE...")
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
