"""The example of a service with tasks of its own, run as its readers run it: with celery alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.documents import as_png, text_page
from tests.live.conformance.transports import Transports
from tests.live.only_celery import celery, packages, script
from tests.live.processes import ROOT, Part

pytestmark = pytest.mark.live

EXAMPLE = ROOT / "examples" / "service"


def invoice(number: int, total: str) -> bytes:
    return as_png(text_page([f"Invoice number {number}", f"Total {total}"], size=(500, 200), font_px=32))


def test_the_example_service_reads_files_away_and_adds_up(transports: Transports, tmp_path: Path) -> None:
    site = packages(tmp_path / "site")
    (tmp_path / "a.png").write_bytes(invoice(4817, "23.67"))
    (tmp_path / "b.png").write_bytes(invoice(4818, "10.00"))
    environment = {"REDIS_URL": str(transports.celery.conf.broker_url), "OCRQ_EXAMPLE_MODEL": "rapidocr"}
    options = ("-A", "invoices", "worker", "-Q", "invoices", "-P", "solo", "--without-gossip", "--without-mingle")
    worker = Part(celery(site, EXAMPLE, *options), environment, tmp_path / "worker.log")
    worker.start()
    try:
        done = subprocess.run(
            script(site, EXAMPLE / "invoices.py", str(tmp_path / "a.png"), str(tmp_path / "b.png")),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        worker.end()
    assert done.returncode == 0, done.stderr + worker.output()
    summary = json.loads(done.stdout)
    assert (summary["total"], summary["without_total"]) == (33.67, [])
    assert [row["invoice_number"] for row in summary["invoices"]] == ["4817", "4818"]
    assert [row["file"] for row in summary["invoices"]] == ["a.png", "b.png"]
