"""A server without keys on this machine does not answer the pages of other sites in its user's browser."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app import create_app

OURS, THEIRS = "https://app.example.com", "https://evil.example.com"


def client_of(backend, settings, **more):
    return create_app(backend, settings.model_copy(update=more)).test_client()


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "127.0.0.2", "[::1]:8000"])
def test_local_names_are_answered(client, host):
    assert client.get("/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:8000", "127.0.0.1.evil.example.com", "10.0.0.1"]
)
def test_a_name_that_was_made_to_lead_here_is_refused_but_probes_are_answered(client, problem, host):
    problem(client.get("/models", headers={"Host": host}), 403, "forbidden", "Host")
    problem(client.post("/jobs", headers={"Host": host}), 403, "forbidden", "Host")
    problem(client.get("/health", headers={"Host": host}), 403, "forbidden", "Host")
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": THEIRS},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": THEIRS, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_what_another_sites_page_sends_is_refused(client, problem, png, headers):
    problem(client.post("/jobs", data=png, content_type="image/png", headers=headers), 403, "forbidden", "Origin")
    problem(client.get("/models", headers=headers), 403, "forbidden", "Origin")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_programs_and_our_own_page_are_answered(client, png, headers):
    assert client.post("/jobs", data=png, content_type="image/png", headers=headers).status_code == 202


def test_a_link_from_elsewhere_opens_the_page(client):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200


def test_what_the_operator_lists_is_answered(backend, settings):
    client = client_of(backend, settings, allowed_hosts=("ocr.example.com",), cors_origins=(OURS,))
    headers = {"Host": "ocr.example.com", "Origin": OURS, "Sec-Fetch-Site": "cross-site"}
    assert client.get("/models", headers=headers).status_code == 200


@pytest.mark.parametrize("more", [{"host": "0.0.0.0"}, {"api_keys": SecretStr("ann:ann-0123456789-abcdefgh")}])
def test_servers_for_others_and_servers_with_keys_take_any_host(backend, settings, more):
    client = client_of(backend, settings, **more)
    assert client.get("/models", headers={"Host": "ocr.example.com", "Origin": THEIRS}).status_code in {200, 401}
