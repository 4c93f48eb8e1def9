"""What real clients and proxies send although they should not, and how it is taken."""

from __future__ import annotations

import io

import pytest

from app.events import resume_after
from ocrq.contracts import ReadRequest
from ocrq.errors import InvalidRequest


def test_null_is_absent_for_every_optional_field(client, image):
    nulls = {field.alias or name: None for name, field in ReadRequest.model_fields.items() if name != "image"}
    assert client.post("/extract_text", json={"image": image, **nulls}).status_code == 200


def test_null_for_the_document_and_for_unknown_fields_is_reported(client, problem, image):
    problem(client.post("/extract_text", json={"image": None}), 400, "invalid_image", "image")
    problem(client.post("/extract_text", json={"image": image, "imge": None}), 400, "invalid_request", "imge")


@pytest.mark.parametrize(
    "form",
    [
        {"use_preprocessing": "False", "cache": "True"},
        {"use_preprocessing": "0", "cache": "1"},
        {"use_preprocessing": "off", "cache": "on"},
        {"use_preprocessing": "no", "cache": "Yes"},
        {"use_preprocessing": "", "cache": "", "pages": "", "priority": " ", "output": "", "ensemble_size": ""},
        {"prompt": "", "schema": "", "decoding_options": "", "model_name": "", "cache": "null"},
        {"cache": ["", "on"]},
    ],
)
def test_forms_are_taken_as_browsers_and_libraries_fill_them(client, png, form):
    answer = client.post("/extract_text", data={"file": (io.BytesIO(png), "a.png"), **form})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["metadata"]["preprocessing_enabled"] is False


def test_a_switch_that_is_none_is_reported(client, problem, png):
    answer = client.post("/extract_text", data={"file": (io.BytesIO(png), "a.png"), "cache": "maybe"})
    problem(answer, 400, "invalid_request", "cache")


def test_a_file_name_in_another_encoding_is_no_matter(client, png):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="r\xe9sum\xe9.png"\r\n\r\n'
    answer = client.post("/jobs", data=head + png + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(("prefix", "before"), [("/ocr", "/ocr"), ("/a/b/", "/a/b"), ("//evil", ""), ("x", "")])
def test_a_proxys_prefix_stands_before_the_links(client, png, prefix, before):
    headers = {"X-Forwarded-Prefix": prefix}
    answer = client.post("/jobs", data=png, content_type="image/png", headers=headers)
    assert answer.headers["Location"] == f"{before}/jobs/{answer.get_json()['id']}"
    document = client.get("/openapi.json", headers=headers).get_json()
    assert document["servers"] == [{"url": before or "/"}]


def test_numbers_beyond_all_sense_are_reported(client, problem, png):
    answer = client.post("/extract_text", data=png, content_type="image/png", headers={"Prefer": "wait=" + "9" * 5000})
    problem(answer, 400, "invalid_request", "Prefer")
    job = client.post("/jobs", data=png, content_type="image/png").get_json()["id"]
    for huge in ("9" * 20, "9" * 5000, "1-" + "9" * 20):
        answer = client.get(f"/jobs/{job}/events", headers={"Last-Event-ID": huge})
        problem(answer, 400, "invalid_request", "Last-Event-ID")
    with pytest.raises(InvalidRequest):
        resume_after("18446744073709551616")
    assert resume_after("18446744073709551615-0") == "18446744073709551615-0"
    assert resume_after("nonsense") is None


def test_one_idempotency_key_is_for_a_job_or_for_a_batch(client, problem, image):
    one, many = {"request": {"image": image}}, {"requests": [{"image": image}]}
    for first, second, key in ((one, many, "k1"), (many, one, "k2")):
        for body, status in ((first, 202), (second, 409)):
            body = {"endpoint": "/extract_text", **body}
            answer = client.post("/jobs", json=body, headers={"Idempotency-Key": key})
            assert answer.status_code == status, answer.text


def test_an_output_counts_once_and_its_list_is_bounded(client, problem, image):
    answer = client.post("/extract_text", json={"image": image, "output": ["text"] * 20})
    assert list(answer.get_json()["outputs"] or ["text"]) == ["text"]
    answer = client.post("/extract_text", json={"image": image, "output": ["text"] * 1000})
    problem(answer, 400, "invalid_request", "output")


def test_options_are_bounded(client, problem, image):
    answer = client.post("/extract_text", json={"image": image, "options": {"their own": "x" * 70_000}})
    problem(answer, 400, "invalid_request", "options")


def test_a_batch_of_many_different_large_schemas_is_refused_and_one_schema_for_all_is_taken(client, problem, image):
    def schema(number):
        return {f"field_{number}_{index}": {"type": "string"} for index in range(300)}

    def batch(schemas):
        requests = [{"image": image, "schema": one} for one in schemas]
        return client.post("/jobs", json={"endpoint": "/extract_structured", "requests": requests})

    problem(batch([schema(number) for number in range(15)]), 422, "invalid_schema", "schema")
    assert batch([schema(0)] * 15).status_code == 202
