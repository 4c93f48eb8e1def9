"""A page that takes longer than it may has an error; the other pages of its document are read."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from ocrq.contracts import parse_request
from tasks.catalogue import Catalogue
from tasks.documents.submission import Submission
from tasks.runner import ReadContext
from tasks.settings import Settings
from tests.documents import as_tiff
from worker.engines.fake.engine import FakeEngine
from worker.imaging.decode import open_document
from worker.imaging.limits import Limits, limits_of
from worker.models.registry import Registry
from worker.runner import PipelineRunner

SETTINGS = Settings(model="fake")


class SlowOnTheSecond(FakeEngine):
    """Takes a minute for the second page, and looks up from it now and then."""

    info = replace(FakeEngine.info, batch_size=3)

    def read(self, pages, prompt, context):
        self.seconds_per_page = 60.0 if 2 in {page.number for page in pages} else 0.0
        return super().read(pages, prompt, context)


def test_a_page_that_takes_too_long_fails_alone(monkeypatch) -> None:
    monkeypatch.setattr("worker.engines.fake.engine.load", lambda model, settings: SlowOnTheSecond())
    limits = Limits(page_seconds=0.3)
    runner = PipelineRunner(
        Registry(SETTINGS, Catalogue.from_settings(SETTINGS), None), lambda data: open_document(data, limits), limits
    )
    submission = Submission(
        "extract_text", parse_request({}), as_tiff([Image.new("RGB", (60, 40), "white") for _ in range(3)])
    )
    with runner.open(submission) as session:
        reading = session.read([1, 2, 3], ReadContext())
    assert [page.error.code if page.error else None for page in reading.pages] == [None, "time_limit_exceeded", None]


def test_the_operator_sets_the_limits() -> None:
    assert limits_of(Settings(page_seconds=7)).page_seconds == 7
