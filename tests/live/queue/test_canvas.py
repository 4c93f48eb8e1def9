"""Chains, groups and chords of a service's own tasks and ours, from a program that has only celery."""

from __future__ import annotations

import base64
import gc
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.result import AsyncResult

from ocrq.calls import call, error_of, submit
from ocrq.errors import InvalidImage, InvalidRequest, ModelNotAllowed
from tests.documents import as_png, as_tiff, text_page
from tests.live.only_celery import celery, packages, script
from tests.live.processes import Part, Parts, until

pytestmark = pytest.mark.live

PAGE = as_png(text_page(["hello"], size=(200, 100)))

# What other people wrote: a module with an app, tasks of its own, and a program that calls ours.
SERVICE = """
import importlib.util, json, os, sys
from celery import Celery, chain, chord, group

app = Celery("theirs", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.task_default_queue = "theirs"

@app.task(name="theirs.count")
def count(result):
    return len(result["pages"])

@app.task(name="theirs.add")
def add(counts):
    return sum(counts)

@app.task(name="theirs.count_all")
def count_all(results):
    return [len(result["pages"]) for result in results]

@app.task(name="theirs.double")
def double(counts):
    return [2 * count for count in counts]

@app.task(name="theirs.note")
def note(failed_id):
    failed = app.AsyncResult(failed_id)
    app.backend.set("theirs:noted", json.dumps([failed_id, failed.result.args]))

def read(image, task="ocr.extract_text", **request):
    kwargs = {"request": {"image": image, "cache": False, **request}}
    return app.signature(task, kwargs=kwargs, queue="celery", immutable=True)

def outcome(result):
    try:
        return {"result": result.get(timeout=60)}
    except Exception as error:
        return {"type": type(error).__name__, "message": str(error), "args": error.args}

def ours(task):
    return task.s().set(queue="theirs")

if __name__ == "__main__":
    assert not [name for name in ("ocrq", "tasks", "pydantic") if importlib.util.find_spec(name)]
    one, many = json.load(sys.stdin)
    chained = chain(read(one), read(many, pages="2-3"), ours(count)).apply_async()
    grouped = group(read(many), read(one), read(one, "ocr.extract_text_robust")).apply_async()
    summed = chord([chain(read(many), ours(count)), chain(read(one), ours(count))], ours(add)).apply_async()
    headed = chain(chord([read(many), read(one)], ours(count_all)), ours(double)).apply_async()
    broken = chord([read(one), read("!")], ours(add)).apply_async()
    stopped = chain(read("!"), ours(count)).apply_async(link_error=ours(note))
    print(json.dumps({
        "chained": outcome(chained),
        "grouped": [len(item["result"]["pages"]) for item in map(outcome, grouped.results)],
        "summed": outcome(summed),
        "headed": outcome(headed),
        "broken": outcome(broken),
        "stopped": outcome(stopped.parent),
        "stopped_id": stopped.parent.id,
    }))
"""


@pytest.fixture(scope="module")
def outcomes(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the program printed; its own worker runs beside ours, on the same Redis."""
    directory = tmp_path_factory.mktemp("theirs")
    site = packages(directory / "site")
    (directory / "theirs.py").write_text(SERVICE)
    environment = {"REDIS_URL": parts.url}
    options = ("-A", "theirs", "worker", "-Q", "theirs", "-P", "solo", "--without-gossip", "--without-mingle")
    theirs = Part(celery(site, directory, *options), environment, directory / "worker.log")
    three = as_tiff([text_page([f"frame {number}"], size=(200, 100)) for number in range(3)])
    images = [base64.b64encode(document).decode() for document in (PAGE, three)]
    theirs.start()
    try:
        done = subprocess.run(
            script(site, directory / "theirs.py"),
            input=json.dumps(images),
            env=environment,
            capture_output=True,
            text=True,
            timeout=150,
        )
        assert done.returncode == 0, done.stderr + theirs.output()
        answer = json.loads(done.stdout)
        with parts.client() as redis:
            until(lambda: redis.get("theirs:noted"), "the failure was noted")
            answer["noted"] = json.loads(redis.get("theirs:noted") or "null")
        yield answer
    finally:
        theirs.end()


def test_a_chain_goes_on_with_the_result(outcomes: dict[str, Any]) -> None:
    assert outcomes["chained"] == {"result": 2}


def test_a_group_has_all_results_in_order(outcomes: dict[str, Any]) -> None:
    assert outcomes["grouped"] == [3, 1, 1]


def test_a_chord_of_chains_ends_once_all_are_read(outcomes: dict[str, Any]) -> None:
    assert outcomes["summed"] == {"result": 4}


def test_a_chain_goes_on_after_a_chord_of_documents_read_page_by_page(outcomes: dict[str, Any]) -> None:
    assert outcomes["headed"] == {"result": [6, 2]}


def test_a_chord_of_which_one_cannot_be_read_says_which_error(outcomes: dict[str, Any]) -> None:
    # The reader's own error where it is there before the caller waits, else Celery's ChordError, which quotes it.
    assert "invalid_image" in str(outcomes["broken"]["args"]), outcomes["broken"]


def test_a_chain_stops_at_what_cannot_be_read_and_its_errback_gets_the_error(outcomes: dict[str, Any]) -> None:
    assert outcomes["stopped"]["args"][0] == "invalid_image"
    assert outcomes["stopped"]["args"][2] == {"field": "image", "retryable": False}
    job_id, arguments = outcomes["noted"]
    assert job_id == outcomes["stopped_id"]
    assert arguments[0] == "invalid_image"


@pytest.fixture
def app(parts: Parts) -> Iterator[Celery]:
    app = Celery(broker=parts.url, backend=parts.url, set_as_current=False)
    yield app
    gc.collect()  # handles of calls, which tracebacks keep, take leave of Redis while it is there
    app.close()


def test_submit_reads_and_raises_the_error_of_its_code(app: Celery, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(PAGE)
    calls = [submit(app, tmp_path / "page.png", pages="1"), submit(app, PAGE, "extract_text_robust")]
    assert [call.get(timeout=30)["pages"][0]["page"] for call in calls] == [1, 1]
    with pytest.raises(ModelNotAllowed) as raised:
        submit(app, PAGE, model_name="evil/model").get(timeout=30)
    assert raised.value.extra["models"] == ["fake"]
    assert error_of(raised.value) is raised.value


def test_submitting_again_under_one_id_makes_no_second_job(app: Celery, parts: Parts) -> None:
    first = submit(app, PAGE, task_id="invoice-4817", cache=False)
    result = first.get(timeout=30)
    again = submit(app, PAGE, task_id="invoice-4817", cache=False)
    assert isinstance(again, AsyncResult)
    assert again.get(timeout=30) == result
    with parts.client() as redis:
        assert redis.hget("ocrq:job:invoice-4817", "state") == b"succeeded"


def test_what_is_wrong_is_reported_before_anything_is_sent(app: Celery) -> None:
    with pytest.raises(InvalidRequest, match="ensemble_size"):
        call(app, PAGE, ensembel_size=3)
    with pytest.raises(InvalidRequest, match="less than or equal"):
        call(app, PAGE, ensemble_size=50)


def test_an_error_is_known_by_its_arguments_whatever_its_class() -> None:
    made_up = type("InvalidImage", (Exception,), {})("invalid_image", "no base64", {"field": "image"})
    error = error_of(made_up)
    assert isinstance(error, InvalidImage)
    assert (error.detail, error.field) == ("no base64", "image")
    assert error_of(ValueError("another")) is None
