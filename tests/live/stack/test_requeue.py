from __future__ import annotations

from collections.abc import Callable

import pytest

from ocrq.contracts import Job
from tests.documents import as_png, text_page
from tests.live.processes import until
from tests.live.stack.running import Up

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_a_page_too_long_for_the_stop_is_read_after_the_next_start_and_burns_no_attempt(
    start_up: Callable[..., Up],
) -> None:
    up = start_up(OCRQ_FAKE_SECONDS="15")
    with up.client() as client:
        job = client.submit(as_png(text_page(["x"], size=(60, 40))), "extract_text")
        until(lambda: client.job(job.id).status == "running", "the page is read")
    assert up.stop() == 0
    with start_up(OCRQ_FAKE_SECONDS="0").client() as client:
        ended = client.job(job.id, wait=30)
    assert isinstance(ended, Job)
    assert (ended.status, ended.attempts) == ("succeeded", 1)
