"""What the SDK offers for trying a worker out: one job from the command line, and its local API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.processes import free_port, until
from tests.live.runpod.pages import page
from tests.live.runpod.workers import SECONDS, Worker, parsed, run

pytestmark = pytest.mark.live

PAGE = page()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The SDK's local API; its address."""
    port = free_port()
    arguments = ("--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port))
    worker = Worker("api", tmp_path_factory.mktemp("api") / "log", {}, *arguments)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(url) or not worker.alive(), "the local API answers", SECONDS)
        assert worker.alive(), worker.output()
        yield url
    finally:
        worker.kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/openapi.json").status_code == 200
    except httpx.TransportError:
        return False


def post(url: str, **job_input: Any) -> dict[str, Any]:
    reply: dict[str, Any] = httpx.post(url, json={"input": job_input}, timeout=SECONDS).json()
    return reply


def test_a_test_input_that_cannot_be_read_fails_and_says_why() -> None:
    done = run("--test_input", json.dumps({"input": {"image": PAGE, "imge": 1}}))
    assert done.returncode == 1
    error = re.search(r"failed with error: (\{.*\})", done.stdout + done.stderr)
    assert error is not None
    assert parsed(error[1])["field"] == "imge"


def test_runsync_answers_with_the_result(api: str) -> None:
    reply = post(f"{api}/runsync", endpoint="/extract_text", request={"image": PAGE})
    assert reply["status"] == "COMPLETED"
    assert reply["output"]["text"].startswith("Fake reading of page 1")


def test_a_request_by_itself_is_read(api: str) -> None:
    assert post(f"{api}/runsync", image=PAGE)["output"]["metadata"]["served_by"] == "fake/fixed"


def test_run_answers_at_once_and_status_with_the_result(api: str) -> None:
    accepted = post(f"{api}/run", endpoint="/extract_text", request={"image": PAGE})
    assert accepted["status"] == "IN_PROGRESS"
    reply = httpx.post(f"{api}/status/{accepted['id']}", timeout=SECONDS).json()
    assert (reply["id"], reply["status"]) == (accepted["id"], "COMPLETED")
    assert reply["output"]["pages"][0]["lines"]


@pytest.mark.parametrize("endpoint", ["/extract_structured", "/extract_structured_robust"])
def test_fields_are_extracted_too(api: str, endpoint: str) -> None:
    request = {"image": PAGE, "schema": {"invoice_number": "string"}, "extraction_type": "structured"}
    output = post(f"{api}/runsync", endpoint=endpoint, request=request)["output"]
    assert output["structured_data"] == {"invoice_number": "FAKE-0001"}


def test_a_failed_job_says_why(api: str) -> None:
    reply = post(f"{api}/runsync", endpoint="/extract_text", request={"image": PAGE, "model_name": "evil/model"})
    assert reply["status"] == "FAILED"
    error = parsed(reply["error"])
    assert (error["code"], error["field"], error["models"]) == ("model_not_allowed", "model_name", ["fake"])


def test_health_is_an_endpoint_too(api: str) -> None:
    output = post(f"{api}/runsync", endpoint="/health")["output"]
    assert output["status"] == "healthy"
    assert output["models_loaded"] == ["fake"]


def test_of_a_batch_only_the_wrong_item_fails(api: str) -> None:
    requests = [{"image": PAGE}, {"image": "not base64!"}, {"image": PAGE}]
    reply = post(f"{api}/runsync", endpoint="/extract_text", requests=requests)
    assert reply["status"] == "COMPLETED"
    batch = reply["output"]
    assert batch["status"] == "failed"
    assert [job["status"] for job in batch["jobs"]] == ["succeeded", "failed", "succeeded"]
    assert batch["jobs"][1]["error"]["code"] == "invalid_image"
    assert batch["jobs"][2]["result"]["text"].startswith("Fake reading")


def test_an_endpoint_that_is_not_there_is_reported(api: str) -> None:
    assert parsed(post(f"{api}/runsync", endpoint="/translate", request={})["error"])["code"] == "not_found"


def test_models_that_cannot_be_loaded_end_the_worker_before_it_takes_a_job(tmp_path: Path) -> None:
    done = run("--test_input", '{"input": {}}', OCRQ_MODEL=str(tmp_path / "nothing"), OCRQ_MODELS="")
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Started." not in done.stdout
