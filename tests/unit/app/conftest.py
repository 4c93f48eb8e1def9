"""The application over one process that reads for real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from tasks.catalogue import Catalogue
from tasks.local import LocalBackend
from tasks.settings import Settings
from tests.page_runner import PageRunner

LIMIT = 1_000_000  # bytes of a document


@pytest.fixture
def runner() -> PageRunner:
    return PageRunner()


@pytest.fixture
def settings() -> Settings:
    return Settings(model="fake", max_body_bytes=LIMIT, max_queued=20, max_waiting=3, sync_seconds=10)


@pytest.fixture
def backend(runner: PageRunner, settings: Settings) -> Iterator[LocalBackend]:
    made = LocalBackend(runner, settings, Catalogue.from_settings(settings), threads=1)
    yield made
    runner.gate.set()
    made.close()


@pytest.fixture
def app(backend: LocalBackend, settings: Settings) -> Flask:
    return create_app(backend, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
