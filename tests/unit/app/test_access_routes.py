"""Every route, by who asks: nobody, a stranger, a key without the scope, another's key, the owner, an admin."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from app import create_app
from ocrq.contracts import parse_request
from ocrq.errors import InvalidRequest, ServiceError
from tasks.documents.submission import Submission

ANN, BOB, OPS, EYE, HAND = (f"{name}-0123456789-abcdefgh" for name in ("ann", "bob", "ops", "eye", "hand"))
KEYS = f"ann:{ANN},bob:{BOB},ops:{OPS}:admin,eye:{EYE}:read,hand:{HAND}:submit"
OPEN = {"/", "/docs", "/docs/assets/swagger-ui.css", "/livez", "/readyz", "/health", "/openapi.json", "/static/page.js"}
WITHOUT_KEY = {
    "no key": {},
    "empty": {"Authorization": "Bearer "},
    "wrong": {"Authorization": "Bearer not-the-key-of-anyone"},
    "wrong in its own header": {"X-API-Key": "not-the-key-of-anyone"},
    "part of a key": {"Authorization": f"Bearer {ANN[:-1]}"},
    "more than a key": {"Authorization": f"Bearer {ANN}x"},
    "the name": {"Authorization": "Bearer ann"},
    "basic": {"Authorization": "Basic YW5uOmFubg=="},
    "no scheme": {"Authorization": ANN},
    "nonsense": {"Authorization": "Bearer \xff\x00"},
    "long": {"Authorization": "Bearer " + "x" * 60_000},
}


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def client(backend, settings) -> FlaskClient:
    return create_app(backend, settings.model_copy(update={"api_keys": SecretStr(KEYS)})).test_client()


@pytest.fixture
def of_ann(client, png) -> str:
    """A job of Ann's."""
    return client.post("/jobs", data=png, content_type="image/png", headers=by(ANN)).headers["Location"]


def every_route(app) -> list[tuple[str, str]]:
    """Each method and path of the application, with a job's id filled in."""
    return sorted(
        (
            method,
            rule.rule.replace("<job_id>", "some-job")
            .replace("<delivery_id>", "some-delivery")
            .replace("<path:filename>", "page.js")
            .replace("<name>", "swagger-ui.css"),
        )
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS"}
    )


@pytest.mark.parametrize("headers", WITHOUT_KEY.values(), ids=WITHOUT_KEY.keys())
def test_without_a_key_only_the_open_routes_answer(client, problem, headers):
    routes = every_route(client.application)
    assert len(routes) > 20
    for method, path in routes:
        response = client.open(
            path, method=method, headers=headers, json={} if method == "POST" else None, buffered=True
        )
        if path in OPEN:
            assert response.status_code == 200, (method, path)
            continue
        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        if method != "HEAD":
            problem(response, 401, "unauthorized")


def test_without_a_key_nothing_of_a_job_is_shown(client, of_ann, problem):
    for method, path in (("GET", ""), ("GET", "?wait=5"), ("GET", "/events"), ("DELETE", ""), ("POST", "/retry")):
        there, nowhere = (client.open(f"{job}{path}", method=method) for job in (of_ann, "/jobs/none"))
        assert problem(there, 401, "unauthorized")["detail"] == problem(nowhere, 401, "unauthorized")["detail"]
    assert client.get(f"{of_ann}?wait=5", headers=by(ANN)).get_json()["status"] == "succeeded"


def test_a_job_is_there_for_its_key_alone(client, of_ann, problem):
    for method, path in (("GET", ""), ("GET", "?wait=5"), ("GET", "/events"), ("DELETE", ""), ("POST", "/retry")):
        problem(client.open(f"{of_ann}{path}", method=method, headers=by(BOB)), 404, "job_not_found")
    assert client.get(f"{of_ann}?wait=5", headers=by(ANN)).get_json()["status"] == "succeeded"
    assert "succeeded" in client.get(f"{of_ann}/events", headers=by(ANN)).text


def test_anothers_cancel_stops_nothing(client, runner, png, problem):
    runner.gate.clear()
    body = {"data": png, "content_type": "image/png", "headers": by(ANN)}
    location = client.post("/jobs", **body).headers["Location"]
    problem(client.delete(location, headers=by(BOB)), 404, "job_not_found")
    runner.gate.set()
    assert client.get(f"{location}?wait=10", headers=by(ANN)).get_json()["status"] == "succeeded"


def test_a_batch_is_its_keys_alone_even_if_all_of_it_is_wrong(client, image, problem):
    for requests in ([{"image": image}, {"image": "%"}], [{"image": "%"}, {"image": ""}]):
        answer = client.post("/jobs", json={"endpoint": "/extract_text", "requests": requests}, headers=by(ANN))
        batch = answer.get_json()
        assert answer.status_code == 202
        for job_id in (batch["id"], *(job["id"] for job in batch["jobs"])):
            assert client.get(f"/jobs/{job_id}", headers=by(ANN)).status_code == 200
            problem(client.get(f"/jobs/{job_id}", headers=by(BOB)), 404, "job_not_found")


def test_an_admin_sees_everybodys_jobs_and_those_of_nobody(client, backend, png, of_ann):
    of_nobody = backend.submit(Submission("extract_text", parse_request({}), png)).id
    assert client.get(of_ann, headers=by(OPS)).status_code == 200
    assert client.get(f"/jobs/{of_nobody}", headers=by(OPS)).status_code == 200
    assert client.get(f"/jobs/{of_nobody}", headers=by(ANN)).status_code == 404
    assert client.delete(of_ann, headers=by(OPS)).status_code == 200


def test_what_an_admin_submits_is_the_admins(client, png):
    location = client.post("/jobs", data=png, content_type="image/png", headers=by(OPS)).headers["Location"]
    assert client.get(location, headers=by(ANN)).status_code == 404


def test_a_key_that_reads_does_not_submit_cancel_or_retry(client, image, problem):
    body = {"endpoint": "/extract_text", "request": {"image": image}}
    for method, path in (
        ("POST", "/jobs"),
        ("POST", "/extract_text"),
        ("DELETE", "/jobs/a"),
        ("POST", "/jobs/a/retry"),
    ):
        problem_json = problem(client.open(path, method=method, json=body, headers=by(EYE)), 403, "forbidden")
        assert "submit" in problem_json["detail"]
    assert client.get("/jobs?state=dead", headers=by(EYE)).status_code == 200
    assert client.get("/models", headers=by(EYE)).status_code == 200


def test_a_submit_only_key_gets_its_results_and_sees_no_job(client, image, problem):
    assert client.post("/extract_text", json={"image": image}, headers=by(HAND)).get_json()["text"]
    location = client.post(
        "/extract_text", json={"image": image}, headers={**by(HAND), "Prefer": "respond-async"}
    ).headers["Location"]
    for path in (location, f"{location}/events", "/jobs?state=dead"):
        problem(client.get(path, headers=by(HAND)), 403, "forbidden")
    assert client.get("/models", headers=by(HAND)).status_code == 200
    assert client.delete(location, headers=by(HAND)).status_code == 200


@pytest.mark.parametrize("headers", [by(ANN), {"X-API-Key": ANN}, {"authorization": f"bearer {ANN}"}])
def test_a_key_comes_in_either_header(client, image, headers):
    assert client.post("/extract_text", json={"image": image}, headers=headers).status_code == 200


def test_a_proxys_own_authorization_does_not_hide_the_key(client, image):
    headers = {"Authorization": "Basic cHJveHk6cGFzcw==", "X-API-Key": ANN}
    assert client.post("/extract_text", json={"image": image}, headers=headers).status_code == 200


def test_a_key_in_the_query_opens_nothing(client, problem):
    problem(client.get(f"/models?api_key={ANN}&access_token={ANN}&key={ANN}"), 401, "unauthorized")


def test_equal_idempotency_keys_of_two_owners_are_two_jobs(client, png):
    jobs = [
        client.post("/jobs", data=png, content_type="image/png", headers={**by(who), "Idempotency-Key": "1"}).get_json()
        for who in (ANN, BOB, ANN)
    ]
    assert jobs[0]["id"] == jobs[2]["id"] != jobs[1]["id"]


def test_a_path_that_is_not_there_is_404_and_a_wrong_method_405_with_or_without_a_key(client, problem):
    problem(client.get("/nothing"), 404, "not_found")
    problem(client.put("/jobs"), 405, "method_not_allowed")


def test_doubled_slashes_lead_around_nothing(client, problem):
    for path in ("//jobs//a", "/jobs/a/", "//models", "/models/"):
        problem(client.get("/", environ_overrides={"PATH_INFO": path}), 401, "unauthorized")


def test_a_refused_body_is_not_read(client, problem):
    response = client.post("/jobs", data=b"x" * 5_000_000, content_type="image/png")
    problem(response, 401, "unauthorized")


def test_the_page_asks_for_a_key_where_the_server_does(client, backend, settings):
    assert b"data-asks-for-key" in client.get("/").data
    assert b"data-asks-for-key" not in create_app(backend, settings).test_client().get("/").data


def test_without_keys_everything_is_open_and_everybodys(backend, settings, png):
    client = create_app(backend, settings).test_client()
    location = client.post("/jobs", data=png, content_type="image/png").headers["Location"]
    assert client.get(f"{location}?wait=10").get_json()["status"] == "succeeded"
    assert client.get("/jobs?state=dead").get_json() == {"jobs": []}


def test_a_state_is_dead_or_none(client, problem):
    for path in ("/jobs?state=", "/jobs?state=queued"):
        problem(client.get(path, headers=by(OPS)), 400, "invalid_request", "state")


def test_a_key_lists_its_own_jobs_and_an_admin_all(client, image, problem):
    body = {"endpoint": "/extract_text", "request": {"image": image, "cache": False}}
    ids = {who: client.post("/jobs", json=body, headers=by(who)).get_json()["id"] for who in (ANN, BOB)}
    listed = {who: client.get("/jobs", headers=by(who)).get_json()["jobs"] for who in (ANN, BOB, OPS, EYE)}
    assert [[job["id"] for job in listed[who]] for who in (ANN, BOB)] == [[ids[ANN]], [ids[BOB]]]
    assert [(job["id"], job["owner"]) for job in listed[OPS]] == [(ids[BOB], "bob"), (ids[ANN], "ann")]
    assert listed[EYE] == []
    problem(client.get("/jobs", headers=by(HAND)), 403, "forbidden")
    problem(client.get("/jobs"), 401, "unauthorized")


def test_a_job_that_cannot_be_tried_again_is_a_conflict(client, of_ann, problem):
    client.get(f"{of_ann}?wait=10", headers=by(ANN))
    problem(client.post(f"{of_ann}/retry", headers=by(ANN)), 409, "job_conflict")


def test_a_retried_job_is_accepted_at_its_address(client, backend, of_ann, monkeypatch):
    asked = []

    def retry(job_id, owner=None):
        asked.append((job_id, owner))
        return backend.get(job_id, owner)

    monkeypatch.setattr(backend, "retry", retry)
    for who in (ANN, OPS):
        response = client.post(f"{of_ann}/retry", headers=by(who))
        assert (response.status_code, response.headers["Location"]) == (202, of_ann)
    assert [owner for _, owner in asked] == ["ann", None]


def test_the_dead_are_asked_for_by_owner(client, backend, monkeypatch):
    asked = []
    monkeypatch.setattr(backend, "dead", lambda owner=None: asked.append(owner) or [])
    for who in (ANN, OPS):
        client.get("/jobs?state=dead", headers=by(who))
    assert asked == ["ann", None]


def test_wrong_keys_are_no_application(backend, settings):
    with pytest.raises(ServiceError, match="entry 1"):
        create_app(backend, settings.model_copy(update={"api_keys": SecretStr("a:b")}))


def test_a_batch_of_errors_alone_is_made_by_whoever_sent_it(backend):
    batch = backend.submit_batch([InvalidRequest("no")], "ann")
    assert backend.get(batch.id, "ann").status == "failed"


def test_deliveries_that_were_given_up_are_asked_for_by_state_and_owner(client, backend, monkeypatch, problem):
    asked = []
    monkeypatch.setattr(backend, "dead_deliveries", lambda owner: asked.append(owner) or [])
    assert client.get("/webhooks?state=dead", headers=by(ANN)).get_json() == {"deliveries": []}
    assert client.get("/webhooks?state=dead", headers=by(OPS)).get_json() == {"deliveries": []}
    assert asked == ["ann", None]
    problem(client.get("/webhooks", headers=by(ANN)), 400, "invalid_request", "state")
    problem(client.post("/webhooks/unknown/retry", headers=by(ANN)), 404, "not_found")
    problem(client.post("/webhooks/unknown/retry", headers=by(EYE)), 403, "forbidden")
