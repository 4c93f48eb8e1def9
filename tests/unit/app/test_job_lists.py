"""`GET /jobs`: the caller's jobs, newest first."""

from __future__ import annotations

import pytest

from ocrq.contracts import JobList


def submitted(client, image, number=1):
    body = {"endpoint": "/extract_text", "request": {"image": image, "cache": False}}
    return [client.post("/jobs", json=body).get_json()["id"] for _ in range(number)]


def test_jobs_are_listed_page_by_page(client, image):
    made = submitted(client, image, 3)
    first = JobList.model_validate(client.get("/jobs?limit=2").get_json())
    second = JobList.model_validate(client.get(f"/jobs?limit=2&cursor={first.next_cursor}").get_json())
    assert [job.id for job in (*first.jobs, *second.jobs)] == made[::-1]
    assert second.next_cursor is None
    assert "result" not in client.get("/jobs").get_json()["jobs"][0]


def test_jobs_of_a_status_are_listed(client, image):
    (job_id,) = submitted(client, image)
    client.get(f"/jobs/{job_id}?wait=10")
    assert [job["id"] for job in client.get("/jobs?status=succeeded").get_json()["jobs"]] == [job_id]
    assert client.get("/jobs?status=failed").get_json() == {"jobs": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=²", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("cursor=-1", "cursor"),
        ("cursor=+inf", "cursor"),
        (f"cursor={'9' * 5000}", "cursor"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(client, problem, query, field):
    problem(client.get(f"/jobs?{query}"), 400, "invalid_request", field)
