"""The application over one process that reads for real."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from app import create_app
from tasks.jobs.service import JobService
from tasks.settings import Settings
from tests.documents import as_png, as_tiff
from tests.inline import reading
from tests.page_runner import PageRunner


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture
def settings() -> Settings:
    return Settings(model="fake", max_body_bytes=100_000, max_queued=20, max_waiting=3, sync_seconds=10)


@pytest.fixture
def backend(runner: PageRunner, settings: Settings) -> Iterator[JobService]:
    with reading(runner, settings) as service:
        yield service


@pytest.fixture
def app(backend: JobService, settings: Settings) -> Flask:
    return create_app(backend, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def png() -> bytes:
    return as_png(Image.new("RGB", (60, 40), "white"))


@pytest.fixture(scope="session")
def three_pages() -> bytes:
    return as_tiff([Image.new("RGB", (60, 40), "white") for _ in range(3)])


@pytest.fixture(scope="session")
def image(png: bytes) -> str:
    return base64.b64encode(png).decode()


class Problems:
    """Checks that an answer is a whole problem document."""

    @staticmethod
    def of(response: TestResponse, status: int, code: str, field: str | None = None) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.mimetype == "application/problem+json"
        problem: dict[str, Any] = response.get_json()
        assert (problem["status"], problem["code"], problem["field"]) == (status, code, field), problem
        assert problem["type"] == f"urn:ocrq:error:{code}"
        assert problem["title"] and problem["detail"] and problem["instance"].startswith("/")
        assert problem["retryable"] in {True, False}
        return problem


@pytest.fixture(scope="session")
def problem() -> Any:
    return Problems.of
