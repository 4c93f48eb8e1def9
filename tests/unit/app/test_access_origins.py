"""Pages of other origins."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from app import create_app
from tasks.settings import Settings

KEY = "ann-0123456789-abcdefgh"
OURS, THEIRS = "https://app.example.com", "https://evil.example.com"


@pytest.fixture
def client(backend, settings):
    more = {"cors_origins": (OURS, "http://localhost:3000"), "api_keys": SecretStr(f"ann:{KEY}")}
    return create_app(backend, settings.model_copy(update=more)).test_client()


def preflight(client, origin, method="POST", headers="authorization,content-type", path="/jobs"):
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers=asked)


def listed(response, header: str) -> set[str]:
    return {part.strip().lower() for part in response.headers.get(header, "").split(",")}


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
@pytest.mark.parametrize(
    ("path", "method"), [("/jobs", "POST"), ("/jobs/a", "DELETE"), ("/jobs/a/events", "GET"), ("/extract_text", "POST")]
)
def test_a_listed_origin_may_ask_without_a_key_what_it_may_send(client, origin, path, method):
    headers = "Authorization, Content-Type, Idempotency-Key, Prefer, Last-Event-ID, X-API-Key"
    response = preflight(client, origin, method, headers, path)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert {"get", "post", "delete"} <= listed(response, "Access-Control-Allow-Methods")
    assert listed(response, "Access-Control-Allow-Headers") == {part.strip().lower() for part in headers.split(",")}
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "origin" in listed(response, "Vary")
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        THEIRS,
        "null",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "https://appxexample.com",
        "http://app.example.com",
        "https://app.example.com:8443",
    ],
)
def test_another_origin_gets_no_cors_headers(client, origin):
    for response in (preflight(client, origin), client.get("/health", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in response.headers


def test_what_nobody_listed_may_not_be_sent(client):
    assert listed(preflight(client, OURS, headers="x-evil"), "Access-Control-Allow-Headers") <= {""}


def test_an_answer_to_a_listed_origin_shows_where_the_job_is_and_when_to_come_again(client, png):
    headers = {"Origin": OURS, "Authorization": f"Bearer {KEY}"}
    response = client.post("/jobs", data=png, content_type="image/png", headers=headers)
    assert response.status_code == 202
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert {"location", "retry-after"} <= listed(response, "Access-Control-Expose-Headers")


def test_a_page_can_read_why_it_was_refused(client):
    for path, status in (("/models", 401), ("/nothing", 404)):
        response = client.get(path, headers={"Origin": OURS})
        assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, OURS)


def test_a_listed_origin_still_needs_a_key(client, problem):
    problem(client.post("/jobs", json={}, headers={"Origin": OURS}), 401, "unauthorized")


def test_an_answer_to_no_origin_names_none(client):
    assert not [name for name, _ in client.get("/health").headers if name.startswith("Access-Control")]


def test_nothing_is_allowed_unless_it_is_listed(backend, settings):
    client = create_app(backend, settings).test_client()
    for response in (preflight(client, OURS), client.get("/health", headers={"Origin": OURS})):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "example.com", "https://", "https://a.example/", "https://*.example", "ftp://a", "https://a b"],
)
def test_what_is_no_origin_is_refused_with_the_remedy(origin):
    with pytest.raises(ValidationError, match="number 2 is not an origin.*(name each|write it like)") as refused:
        Settings(cors_origins=f"{OURS}, {origin}")
    assert "evil" not in str(refused.value)
