"""The OpenAPI document: the public API's snapshot, valid, and what the application really answers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from PIL import Image
from pydantic import SecretStr

from app import create_app
from app.openapi import openapi_document
from ocrq.contracts import ReadRequest
from tasks.settings import Settings
from tests.documents import as_png
from tests.inline import inline
from tests.page_runner import PageRunner

SNAPSHOT = Path(__file__).parent / "openapi.json"
REFRESH = "python -m app --openapi > tests/contract/openapi.json"
DOCUMENT = openapi_document()
PNG = as_png(Image.new("RGB", (60, 40), "white"))
IMAGE = base64.b64encode(PNG).decode()


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture
def app(runner: PageRunner) -> Flask:
    settings = Settings(model="fake", max_body_bytes=100_000)
    return create_app(inline(runner, settings, threads=2)[0], settings)


def test_the_public_api_is_the_one_in_the_snapshot() -> None:
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == DOCUMENT, f"if the change is meant: {REFRESH}"


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_document_is_served_as_it_is(app: Flask) -> None:
    assert app.test_client().get("/openapi.json").get_json() == DOCUMENT


def test_every_route_is_described_and_no_other(app: Flask) -> None:
    there = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}


def test_every_route_describes_itself_its_parameters_and_its_problems() -> None:
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            assert operation["summary"] and operation["operationId"], path
            assert all(parameter["description"] for parameter in operation.get("parameters", [])), path
            assert all(response["description"] for response in operation["responses"].values()), path


def test_the_request_has_every_field_of_the_contract() -> None:
    described = DOCUMENT["components"]["schemas"]["ReadRequest"]["properties"]
    assert set(described) == {field.alias or name for name, field in ReadRequest.model_fields.items()}


def operation_of(path: str, method: str) -> dict[str, Any]:
    for template, item in DOCUMENT["paths"].items():
        parts, asked = template.split("/"), path.split("?")[0].split("/")
        if len(parts) == len(asked) and all(p == a or p.startswith("{") for p, a in zip(parts, asked, strict=True)):
            return item[method.lower()]
    raise AssertionError(f"{method} {path} is not in the document")


def check(response: Any, method: str, path: str) -> None:
    """The answer's status, type, headers and body are what the document says."""
    described = operation_of(path, method)["responses"][str(response.status_code)]
    schema = described["content"][response.mimetype]["schema"]
    assert set(described.get("headers", {})) - {"Retry-After", "Location"} <= set(response.headers.keys())
    OAS31Validator({**schema, "components": DOCUMENT["components"]}).validate(response.get_json())


CASES: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/extract_text", {"json": {"image": IMAGE, "output": ["text"]}}, 200),
    ("POST", "/extract_text", {"json": {"image": IMAGE}, "headers": {"Prefer": "respond-async"}}, 202),
    ("POST", "/extract_text", {"json": {"image": "%"}}, 400),
    ("POST", "/extract_text", {"data": bytes(2_000_000), "content_type": "image/png"}, 413),
    ("POST", "/extract_text", {"data": "x", "content_type": "text/plain"}, 415),
    ("POST", "/extract_text", {"json": {"image": IMAGE, "model_name": "gpt"}}, 422),
    ("POST", "/extract_text", {"data": PNG[:60], "content_type": "image/png"}, 422),
    ("POST", "/extract_text_robust", {"json": {"image": IMAGE}}, 200),
    ("POST", "/extract_structured", {"json": {"image": IMAGE, "schema": {"total": "number"}}}, 200),
    ("POST", "/extract_structured_robust", {"json": {"image": IMAGE}}, 422),
    ("POST", "/jobs", {"json": {"endpoint": "/extract_text", "request": {"image": IMAGE}}}, 202),
    ("POST", "/jobs", {"json": {"endpoint": "/extract_text", "requests": [{"image": IMAGE}, {}]}}, 202),
    ("POST", "/jobs", {"json": {"endpoint": "/poem", "request": {}}}, 404),
    ("GET", "/jobs/none", {}, 404),
    ("GET", "/jobs/none?wait=99", {}, 400),
    ("DELETE", "/jobs/none", {}, 404),
    ("POST", "/jobs/none/retry", {}, 404),
    ("GET", "/jobs?state=dead", {}, 200),
    ("GET", "/jobs", {}, 200),
    ("GET", "/jobs?status=done", {}, 400),
    ("GET", "/jobs/none/events", {}, 404),
    ("GET", "/health", {}, 200),
    ("GET", "/readyz", {}, 200),
    ("GET", "/livez", {}, 200),
    ("GET", "/models", {}, 200),
]


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"), CASES, ids=[f"{c[0]} {c[1]} {c[3]} {i}" for i, c in enumerate(CASES)]
)
def test_answers_are_what_the_document_says(
    app: Flask, method: str, path: str, request_: dict[str, Any], status: int
) -> None:
    response = app.test_client().open(path, method=method, **request_)
    assert response.status_code == status
    check(response, method, path)


def test_a_wait_that_ran_out_is_what_the_document_says(app: Flask, runner: PageRunner) -> None:
    runner.gate.clear()
    response = app.test_client().post("/extract_text", json={"image": IMAGE}, headers={"Prefer": "wait=0"})
    assert response.status_code == 504
    check(response, "POST", "/extract_text")
    assert "Location" in response.headers
    runner.gate.set()


def test_ended_jobs_and_batches_are_what_the_document_says(app: Flask) -> None:
    client = app.test_client()
    for body in ({"request": {"image": IMAGE}}, {"requests": [{"image": IMAGE}, {"image": "%"}]}):
        location = client.post("/jobs", json={"endpoint": "/extract_text", **body}).headers["Location"]
        response = client.get(f"{location}?wait=10")
        assert response.get_json()["status"] in {"succeeded", "failed"}
        check(response, "GET", location)
        check(client.delete(location), "DELETE", location)


def test_what_a_server_with_keys_answers_is_what_the_document_says(runner: PageRunner) -> None:
    keys = SecretStr("web:web-0123456789-abcdefgh:read;rate=1/day,on:one-0123456789-abcdefgh;rate=1/day")
    settings = Settings(model="fake", api_keys=keys)
    client = create_app(inline(runner, settings, threads=2)[0], settings).test_client()
    for path, item in DOCUMENT["paths"].items():
        for method, described in item.items():
            response = client.open(
                path.replace("{job_id}", "none"), method=method, json={} if method == "post" else None
            )
            assert (response.status_code == 401) == ("security" not in described), (method, path)
            if response.status_code == 401:
                check(response, method, path.replace("{job_id}", "none"))
    for secret, statuses in (("web", [403, 403]), ("one", [400, 429])):
        for status in statuses:
            headers = {"X-API-Key": f"{secret}-0123456789-abcdefgh"}
            response = client.post("/extract_text", json={"image": "%"}, headers=headers)
            assert response.status_code == status
            check(response, "POST", "/extract_text")


def test_the_check_sees_a_wrong_answer(app: Flask) -> None:
    class Wrong:
        status_code, mimetype, headers = 200, "application/json", {}

        @staticmethod
        def get_json() -> object:
            return {"status": "splendid"}

    with pytest.raises(Exception, match="splendid|required"):
        check(Wrong(), "GET", "/health")
