"""How requests come in, and what is told about those that are wrong."""

from __future__ import annotations

import io
import json

import pytest

from app import create_app
from app.application import max_content_bytes
from app.uploads import MAX_BATCH, typed_options
from ocrq.contracts import JobSubmission, parse_request

JSON = {"content_type": "application/json"}


def a_file(data: bytes, name: str = "scan.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def test_the_document_itself_may_be_the_body_and_its_options_the_query(client, png, runner):
    response = client.post(
        "/extract_text?use_preprocessing=true&ensemble_size=2&pages=1&output=text,hocr&prompt=12"
        '&decoding_options={"num_beams": 2}',
        data=png,
        content_type="image/png",
    )
    assert response.status_code == 200
    request = runner.requests[0]
    assert (request.use_preprocessing, request.ensemble_size, request.pages, request.prompt) == (True, 2, "1", "12")
    assert request.output == ["text", "hocr"]
    assert request.decoding_options.num_beams == 2


@pytest.mark.parametrize("kind", ["image/tiff", "application/octet-stream", "image/jpeg; x=y"])
def test_the_first_bytes_decide_the_format_whatever_the_type_says(client, png, kind):
    assert client.post("/extract_text", data=png, content_type=kind).status_code == 200


def test_a_form_with_a_file_and_options(client, png, runner):
    form = {"file": a_file(png), "request": json.dumps({"prompt": "read"}), "ensemble_size": "3"}
    assert client.post("/extract_text", data=form).status_code == 200
    assert (runner.requests[0].prompt, runner.requests[0].ensemble_size) == ("read", 3)


def test_a_form_may_name_its_file_image_or_bring_it_in_base64(client, png, image):
    assert client.post("/extract_text", data={"image": a_file(png)}).status_code == 200
    form = {"image": image}
    assert client.post("/extract_text", data=form, content_type="multipart/form-data").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("ensemble_size=many", "ensemble_size"),
        ("ensemble_size=99", "ensemble_size"),
        ("use_preprocessing=maybe", "use_preprocessing"),
        ("output=text,poem", "output.1"),
        ("pages=0", "pages"),
        ("colour=red", "colour"),
        ("prompt=a&prompt=b", "prompt"),
        ("decoding_options=4", "decoding_options"),
    ],
)
def test_a_wrong_option_in_the_query_is_named(client, png, problem, query, field):
    problem(client.post(f"/extract_text?{query}", data=png, content_type="image/png"), 400, "invalid_request", field)


def test_an_option_in_the_query_of_a_json_request_is_not_passed_over(client, image, problem):
    response = client.post("/extract_text?ensemble_size=3", json={"image": image})
    problem(response, 400, "invalid_request", "ensemble_size")
    assert client.post("/extract_text?trace=1", json={"image": image}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b'{"image": "abc"',
        b"{'image': 1}",
        b'{"image": NaN}',
        b'{"image": Infinity}',
        b'{"image": "\xff"}',
        b'{"image": "\\ud800"}',
        b'{"image": "a"} {}',
        b"[" * 100_000,
        b'{"options": ' + b'{"a":' * 100_000,
        '{"image": "a"}'.encode("utf-16"),
        b"1" * 5000,
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_body_that_is_no_json_says_so(client, problem, body):
    problem_json = problem(client.post("/extract_text", data=body, **JSON), 400, "invalid_request", "body")
    assert '{"image": "<base64>"}' in problem_json["detail"]


def test_malformed_json_says_where(client):
    problem_json = client.post("/extract_text", data=b'{"image":\n  "a",,}', **JSON).get_json()
    assert "line 2" in problem_json["detail"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"17", b"null", b"true"])
def test_json_that_is_no_object_is_refused(client, problem, body):
    problem(client.post("/extract_text", data=body, **JSON), 400, "invalid_request", "request")
    problem(client.post("/jobs", data=body, **JSON), 400, "invalid_request", "body")


def test_a_byte_order_mark_does_no_harm(client, image):
    body = b"\xef\xbb\xbf" + json.dumps({"image": image}).encode()
    assert client.post("/extract_text", data=body, **JSON).status_code == 200


def test_json_subtypes_are_json(client, image):
    body = json.dumps({"image": image})
    assert client.post("/extract_text", data=body, content_type="application/vnd.a+json").status_code == 200
    assert client.post("/extract_text", data=body, content_type="application/json; charset=utf-8").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "ima ge"])
def test_another_content_type_is_415_and_says_what_to_send(client, problem, image, kind):
    for path in ("/extract_text", "/jobs"):
        response = client.post(path, data=json.dumps({"image": image}), content_type=kind)
        problem_json = problem(response, 415, "unsupported_format", "Content-Type")
        assert "application/json" in problem_json["detail"] and "multipart/form-data" in problem_json["detail"]


@pytest.mark.parametrize("kind", ["application/json", "image/png", "multipart/form-data; boundary=x"])
def test_compressed_bodies_are_refused(client, problem, kind):
    response = client.post("/extract_text", data=b"\x1f\x8b", content_type=kind, headers={"Content-Encoding": "gzip"})
    problem(response, 415, "unsupported_format", "Content-Encoding")


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({}, 400, "invalid_image", "image"),
        ({"image": ""}, 400, "invalid_image", "image"),
        ({"image": "%%%"}, 400, "invalid_image", "image"),
        ({"image": "https://a.example/scan.png"}, 400, "invalid_image", "image"),
        ({"image": "aGVsbG8gd29ybGQ="}, 415, "unsupported_format", "image"),
        ({"image": 17}, 400, "invalid_request", "image"),
        ({"imag": "x"}, 400, "invalid_request", "imag"),
        ({"decoding_options": {"num_beams": 99}}, 400, "invalid_request", "decoding_options.num_beams"),
        ({"model_name": "gpt"}, 422, "model_not_allowed", "model_name"),
    ],
)
def test_a_wrong_field_is_named(client, problem, image, fields, status, code, field):
    data = fields if "image" in fields or not fields else {"image": image, **fields}
    problem(client.post("/extract_text", json=data), status, code, field)
    problem(client.post("/jobs", json={"endpoint": "/extract_text", "request": data}), status, code, field)


def test_a_model_that_is_not_served_lists_those_that_are(client, image):
    assert client.post("/extract_text", json={"image": image, "model_name": "gpt"}).get_json()["models"] == ["fake"]


def test_an_empty_raw_body_is_refused(client, problem):
    problem(client.post("/extract_text", data=b"", content_type="image/png"), 400, "invalid_image", "image")


def test_the_document_may_come_only_once(client, problem, png, image):
    form = {"file": a_file(png), "request": json.dumps({"image": image})}
    problem(client.post("/extract_text", data=form), 400, "invalid_image", "image")
    form = {"file": a_file(png), "request": json.dumps({"prompt": "a"}), "prompt": "b"}
    problem(client.post("/extract_text", data=form), 400, "invalid_request", "prompt")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "file"),
        ({"request": "{}"}, "file"),
        ({"file": "text, not a file"}, "file"),
        ({"request": "[]", "file": None}, "request"),
        ({"request": "{", "file": None}, "request"),
        ({"scan": None}, "file"),
        ({"": "a part without a name", "file": None}, "file"),
        ({"pages": "x", "file": None}, "pages"),
    ],
)
def test_a_wrong_form_is_refused_naming_the_part(client, problem, png, form, field):
    form = {name: a_file(png) if value is None else value for name, value in form.items()}
    response = client.post("/extract_text", data=form, content_type="multipart/form-data")
    problem(response, 400, "invalid_request", field)


def test_several_files_are_one_too_many_for_a_synchronous_route(client, problem, png):
    form = {"file": [a_file(png), a_file(png)]}
    assert "/jobs" in problem(client.post("/extract_text", data=form), 400, "invalid_request", "file")["detail"]


def test_a_form_without_end_is_refused(client, problem, png):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + png
    response = client.post("/extract_text", data=body, content_type="multipart/form-data; boundary=x")
    problem(response, 400, "invalid_request", "file")


def test_a_document_over_the_limit_is_413(client, problem, png, settings):
    document = png + bytes(settings.max_body_bytes)
    response = client.post("/extract_text", data=document, content_type="image/png")
    assert f"{settings.max_body_bytes:,}" in problem(response, 413, "too_large", "image")["detail"]
    problem(client.post("/extract_text", data={"file": a_file(document)}), 413, "too_large", "image")


class Unread(io.RawIOBase):
    """A body that must not be read, or only so far."""

    def __init__(self, size: int = 0) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.left)
        assert count, "read too far"
        self.left -= count
        buffer[:count] = bytes(count)
        return count


@pytest.mark.parametrize("path", ["/extract_text", "/jobs"])
@pytest.mark.parametrize("kind", ["application/json", "image/png", "multipart/form-data; boundary=x"])
def test_a_body_over_the_limit_is_refused_by_its_length(app, problem, settings, path, kind):
    too_long = max_content_bytes(settings.max_body_bytes) + 1
    client = app.test_client()
    app.wsgi_app._application, inner = _unread_first(app.wsgi_app._application), app.wsgi_app._application
    response = client.post(path, data=bytes(too_long), content_type=kind)
    problem_json = problem(response, 413, "too_large", "image")
    assert problem_json["max_bytes"] == settings.max_body_bytes
    app.wsgi_app._application = inner


def _unread_first(application):
    def call(environ, start_response):
        environ["wsgi.input"], body = Unread(), environ["wsgi.input"]
        try:
            return application(environ, start_response)
        finally:
            environ["wsgi.input"] = body  # what the front reads away after the answer

    return call


@pytest.mark.parametrize("kind", ["application/json", "image/png", "multipart/form-data; boundary=x"])
def test_a_body_of_unknown_length_is_read_to_the_limit_and_no_further(client, problem, settings, kind):
    limit = max_content_bytes(settings.max_body_bytes)
    body = io.BufferedReader(Unread(limit + 4_000_000))
    response = client.post(
        "/extract_text",
        content_type=kind,
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    if kind.startswith("multipart"):
        assert response.status_code in {400, 413}
    else:
        problem(response, 413, "too_large", "image")


def test_a_body_that_ends_early_is_not_read_as_a_document(client, problem, png):
    response = client.post(
        "/extract_text",
        content_type="image/png",
        environ_overrides={
            "wsgi.input": io.BytesIO(png),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(png) + 9),
        },
    )
    problem(response, 400, "invalid_request", "body")


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\tb"])
def test_an_idempotency_key_is_short_printable_ascii(client, problem, image, key):
    response = client.post("/extract_text", json={"image": image}, headers={"Idempotency-Key": key})
    problem(response, 400, "invalid_request", "Idempotency-Key")


def test_every_option_that_comes_as_text_gets_its_own_type():
    texts = {
        "model_name": ["fake"],
        "prompt": ["7"],
        "use_preprocessing": ["true"],
        "ensemble_size": ["2"],
        "robust_processing": ["false"],
        "decoding_options": ['{"temperature": 0.5}'],
        "options": ['{"a": 1}'],
        "schema": ['{"total": "number"}'],
        "extraction_type": ["structured"],
        "pages": ["1"],
        "output": ["text", "hocr, alto"],
        "text_layer": ["never"],
        "languages": ["uk,el"],
        "priority": ["bulk"],
        "webhook": ["https://a.example"],
        "cache": ["false"],
    }
    request = parse_request(typed_options(texts))
    assert set(texts) | {"image"} == {field.alias or name for name, field in type(request).model_fields.items()}
    assert request.output == ["text", "hocr", "alto"]
    assert request.languages == ["el", "uk"]
    assert request.prompt == "7"


def test_the_batch_limit_is_the_contracts():
    schema = JobSubmission.model_json_schema()["properties"]["requests"]["anyOf"][0]
    assert schema["maxItems"] == MAX_BATCH


def test_the_largest_document_fits_in_base64():
    assert max_content_bytes(3_000_000) - 4_000_000 == 1024 * 1024


def test_an_image_by_url_is_fetched_from_hosts_that_the_operator_allows(
    backend, settings, png, monkeypatch, problem
) -> None:
    def fetch(url: str) -> bytes:
        assert url == "https://files.example/scan.png"
        return png

    monkeypatch.setattr("app.application.fetcher", lambda settings: fetch)
    client, image = create_app(backend, settings).test_client(), {"image": "https://files.example/scan.png"}
    assert client.post("/extract_text", json=image).status_code == 200
    batch = {"endpoint": "/extract_text", "requests": [image, image]}
    assert client.post("/jobs", json=batch).status_code == 202
    monkeypatch.undo()
    answer = problem(
        create_app(backend, settings).test_client().post("/extract_text", json=image), 400, "invalid_image", "image"
    )
    assert "OCRQ_IMAGE_HOSTS" in answer["detail"]
