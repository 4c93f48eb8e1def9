"""A service that reads documents through the queue, with nothing of ocrq installed: `pip install "celery[redis]"`.

Run it with `REDIS_URL=redis://localhost:6379/0 python examples/celery_service.py examples/receipt.jpg`.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import Any

from celery import Celery
from celery.exceptions import TimeoutError as NoResultYet

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
PATIENCE_SECONDS = 300

# Broker and result backend are both the workers' Redis: without the same backend a result could never be read.
app = Celery("invoices", broker=REDIS_URL, backend=REDIS_URL)
app.conf.update(task_serializer="json", result_serializer="json", accept_content=["json"])


def read(document: bytes) -> dict[str, Any]:
    """Send a document and wait for its result.

    Raises:
        Exception: The read failed; ``args`` are ``(code, detail, {"field": …, "retryable": …})``. Its class is made up
            by Celery from a name, since the real one is not installed here: tell errors apart by their code.
        celery.exceptions.TimeoutError: No result yet; the job goes on.
    """
    request = {"image": base64.b64encode(document).decode("ascii")}
    pending = app.send_task("ocr.extract_text", kwargs={"request": request})
    result: dict[str, Any] = pending.get(timeout=PATIENCE_SECONDS)
    return result


def main(path: Path) -> int:
    """Print the text of a file, or what was wrong with it."""
    try:
        result = read(path.read_bytes())
    except NoResultYet:
        print(f"no result after {PATIENCE_SECONDS} s; is a worker running on this Redis?", file=sys.stderr)
        return 1
    except Exception as error:  # Celery raises classes that this service does not know
        if len(error.args) != 3:
            raise  # not one of the reader's: Redis cannot be reached, say
        code, detail, more = error.args
        print(f"{code}: {detail} (field: {more['field']})", file=sys.stderr)
        return 75 if more["retryable"] else 65  # EX_TEMPFAIL: try again later; EX_DATAERR: mend the document
    print(result["text"])
    print(f"{result['confidence']:.0%} sure, read by {result['metadata']['served_by']}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python celery_service.py FILE")
    sys.exit(main(Path(sys.argv[1])))
