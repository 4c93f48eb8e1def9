from __future__ import annotations

import pytest

from ocrq.client import Client, Endpoint
from ocrq.client.configuration import Variables
from ocrq.errors import InvalidRequest, ServerUnreachable
from tests.scripted_server import Answer, Asked, job, listening

ALL = {
    "OLM_API_ENDPOINT": "http://plain:8000/",
    "OLM_API_KEY": "plain-key",
    "OLM_MODEL_NAME": "microsoft/trocr-base-printed",
    "OLM_TIMEOUT": "60",
    "OLM_MAX_RETRIES": "3",
    "ROLM_API_ENDPOINT": "https://api.runpod.ai/v2/abc",
    "ROLM_API_KEY": "robust-key",
    "ROLM_MODEL_NAME": "microsoft/trocr-large-printed",
    "ROLM_TIMEOUT": "90.5",
    "ROLM_MAX_RETRIES": "0",
    "ROLM_USE_PREPROCESSING": "true",
    "ROLM_ENSEMBLE_SIZE": "5",
}


def test_the_plain_profile_reads_its_variables() -> None:
    found = Variables(ALL, "OLM").configuration()
    assert found.endpoints == (Endpoint("http://plain:8000", "plain-key", "http"),)
    assert (found.timeout, found.retries.attempts, found.operation) == (60, 4, "extract_text")
    assert found.request == {"model_name": "microsoft/trocr-base-printed"}


def test_the_robust_profile_calls_the_robust_operations() -> None:
    found = Variables(ALL, "ROLM").configuration()
    assert found.endpoints == (Endpoint("https://api.runpod.ai/v2/abc", "robust-key", "runpod"),)
    assert (found.timeout, found.retries.attempts, found.operation) == (90.5, 1, "extract_text_robust")
    assert found.request == {
        "model_name": "microsoft/trocr-large-printed",
        "use_preprocessing": True,
        "ensemble_size": 5,
    }


def test_the_robust_profile_takes_what_it_lacks_from_the_plain_one() -> None:
    found = Variables({**ALL, "ROLM_API_ENDPOINT": "", "ROLM_TIMEOUT": " "}, "ROLM").configuration()
    assert found.endpoints == (Endpoint("http://plain:8000", "plain-key", "http"),)
    assert found.timeout == 60
    assert found.request["model_name"] == "microsoft/trocr-large-printed"


def test_a_key_goes_to_no_address_but_its_own() -> None:
    found = Variables({"ROLM_API_ENDPOINT": "http://robust", "OLM_API_KEY": "plain"}, "ROLM").configuration()
    assert found.endpoints[0].api_key is None


def test_several_addresses_are_a_list_of_fallbacks_with_one_key_or_one_each() -> None:
    two = {"OLM_API_ENDPOINT": "http://a, http://b"}
    assert [e.api_key for e in Variables({**two, "OLM_API_KEY": "k"}).configuration().endpoints] == ["k", "k"]
    assert [e.api_key for e in Variables({**two, "OLM_API_KEY": "k,l"}).configuration().endpoints] == ["k", "l"]
    assert [e.api_key for e in Variables(two).configuration().endpoints] == [None, None]
    with pytest.raises(InvalidRequest, match="3 keys"):
        Variables({**two, "OLM_API_KEY": "k,l,m"}).configuration()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OLM_TIMEOUT", "soon"),
        ("OLM_TIMEOUT", "-1"),
        ("OLM_TIMEOUT", "inf"),
        ("OLM_MAX_RETRIES", "-1"),
        ("OLM_MAX_RETRIES", "many"),
        ("ROLM_ENSEMBLE_SIZE", "11"),
        ("ROLM_ENSEMBLE_SIZE", "0"),
        ("ROLM_USE_PREPROCESSING", "maybe"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    profile = "ROLM" if name.startswith("ROLM") else "OLM"
    with pytest.raises(InvalidRequest, match=name) as raised:
        Variables({**ALL, name: value}, profile).configuration()  # type: ignore[arg-type]
    assert raised.value.field == name


def test_without_an_address_anywhere_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLM_API_ENDPOINT", raising=False)
    with pytest.raises(InvalidRequest, match="OLM_API_ENDPOINT"):
        Client()


def test_a_client_of_the_environment_sends_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str | None, bytes]] = []

    def answer(_number: int, asked: Asked) -> Answer:
        seen.append((asked.headers["Authorization"], asked.body))
        return 202, {}, job("queued")

    with listening(answer) as server:
        monkeypatch.setenv("ROLM_API_ENDPOINT", server.url)
        for name in ("ROLM_API_KEY", "ROLM_MODEL_NAME", "ROLM_ENSEMBLE_SIZE"):
            monkeypatch.setenv(name, ALL[name])
        with Client(profile="ROLM", ensemble_size=4) as client:
            client.submit(b"x")
    key, body = seen[0]
    assert key == "Bearer robust-key"
    assert b"/extract_text_robust" in body
    assert b'"ensemble_size": 4' in body and b'"model_name": "microsoft/trocr-large-printed"' in body


def test_an_address_given_keeps_the_environment_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALL.items():
        monkeypatch.setenv(name, value)
    with Client("http://127.0.0.1:1") as client:
        configuration = client.core.configuration
    assert configuration.endpoints == (Endpoint("http://127.0.0.1:1", None, "http"),)
    assert configuration.request == {}


@pytest.mark.parametrize(
    ("address", "url", "kind"),
    [
        ("http://127.0.0.1:8000//", "http://127.0.0.1:8000", "http"),
        ("https://api.runpod.ai/v2/abc/", "https://api.runpod.ai/v2/abc", "runpod"),
        ("https://api.runpod.ai/v2/abc/runsync", "https://api.runpod.ai/v2/abc", "runpod"),
        ("https://abc.api.runpod.ai/", "https://abc.api.runpod.ai", "direct"),
        ("runpod+http://127.0.0.1:8000", "http://127.0.0.1:8000", "runpod"),
    ],
)
def test_the_transport_is_known_from_the_address(address: str, url: str, kind: str) -> None:
    found = Endpoint.of(address)
    assert (found.url, found.kind) == (url, kind)


@pytest.mark.parametrize("address", ["", "localhost:8000", "ftp://example.org", "runpod+nonsense"])
def test_what_is_no_address_is_reported(address: str) -> None:
    with pytest.raises(ServerUnreachable, match="not a URL"):
        Endpoint.of(address)


def test_a_key_is_not_shown_where_an_endpoint_is_printed() -> None:
    assert "secret" not in repr(Endpoint("http://a", "secret"))
