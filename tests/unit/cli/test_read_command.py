from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from ocrq.cli.exits import OK, SOME_FAILED
from ocrq.cli.sources import Source
from ocrq.client import Client
from ocrq.client.many import ManyReader
from ocrq.errors import OcrqError, ReadFailed
from tests.page_runner import PageRunner

Command = Callable[..., Result]
TEXT = "Hello from page 1\nGrüße, 世界 £9"


def test_the_text_is_all_that_comes_out(command: Command, page: Path) -> None:
    result = command("read", page)
    assert (result.return_value, result.stdout, result.stderr) == (OK, TEXT + "\n", "")


def test_several_files_are_headed_and_keep_their_order(
    command: Command, runner: PageRunner, page: Path, three_pages: Path
) -> None:
    result = command("read", three_pages, page, "--pages", "1")
    assert result.stdout == f"==> {three_pages} <==\n{TEXT}\n\n==> {page} <==\n{TEXT}\n"


def test_standard_input_is_read(command: Command, page: Path) -> None:
    assert command("read", "-", stdin=page.read_bytes()).stdout == TEXT + "\n"


def test_json_of_one_file_is_the_result_itself(command: Command, page: Path) -> None:
    result = json.loads(command("read", page, "--json").stdout)
    assert result["text"] == TEXT
    assert result["pages"][0]["lines"][0]["box"]


def test_json_of_several_files_is_a_list_with_their_names_and_errors(
    command: Command, page: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("no image")
    result = command("read", page, wrong, "--json")
    first, second = json.loads(result.stdout)
    assert (first["file"], first["result"]["text"]) == (str(page), TEXT)
    assert (second["file"], second["error"]["code"]) == (str(wrong), "unsupported_format")
    assert result.return_value == SOME_FAILED


def test_one_bad_file_fails_alone_and_says_the_remedy(command: Command, page: Path, tmp_path: Path) -> None:
    empty, missing = tmp_path / "empty.png", tmp_path / "missing.png"
    empty.touch()
    result = command("read", missing, empty, tmp_path, page)
    assert result.return_value == SOME_FAILED
    assert result.stdout.endswith(TEXT + "\n")
    assert result.stderr.splitlines() == [
        f"error: {missing}: cannot be opened (No such file or directory); check the path",
        f"error: {empty}: is empty; give an image or a PDF",
        f"error: {tmp_path}: is a directory; name the files in it, like DIR/*",
    ]


def test_a_further_format_goes_to_standard_output(command: Command, page: Path) -> None:
    assert command("read", page, "--output", "hocr").stdout == "hocr of the document\n"


def test_several_formats_go_into_a_directory_under_the_files_name(command: Command, page: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = command("read", page, "--output", "hocr", "--output", "markdown", "--output", "words", "--out", out)
    assert (result.return_value, result.stdout) == (OK, "")
    assert {file.name: file.read_text() for file in out.iterdir()} == {
        "page.hocr": "hocr of the document",
        "page.md": "markdown of the document",
        "page.words.json": "words of the document",
    }


def test_one_format_of_one_file_goes_into_the_file_named(command: Command, page: Path, tmp_path: Path) -> None:
    command("read", page, "--out", tmp_path / "said.txt")
    assert (tmp_path / "said.txt").read_text() == TEXT


def test_json_goes_into_the_file_named(command: Command, page: Path, tmp_path: Path) -> None:
    command("read", page, "--json", "--out", tmp_path / "said.json")
    assert json.loads((tmp_path / "said.json").read_text())["text"] == TEXT


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["page.png", "--output", "hocr", "--output", "text"], "--out DIR"),
        (["page.png", "other.png", "--output", "pdf"], "binary"),
        (["page.png", "page.tiff", "--out", "into/"], "two results"),
        (["page.png", "--out", "page.png"], "would be overwritten"),
        (["page.png", "--pages", "3-1"], "pages"),
        (["page.png", "--schema", "{oops"], "not JSON"),
        (["page.png", "--schema", "[1]", "--json"], "cannot read the schema"),
        (["page.png", "--schema", "{}", "--output", "hocr"], "use one of them"),
        (["-", "-"], "standard input"),
    ],
)
def test_a_command_line_that_does_not_fit_is_refused_before_anything_is_read(
    command: Command,
    runner: PageRunner,
    page: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(page.parent)
    result = command("read", *arguments)
    assert isinstance(result.exception, click.UsageError)
    assert expected in result.exception.message
    assert not runner.requests


def test_options_become_fields_of_the_request(command: Command, runner: PageRunner, page: Path) -> None:
    command("read", page, "--model", "fake", "--preprocess", "--pages", "1")
    asked = runner.requests[-1]
    assert (asked.model_name, asked.use_preprocessing, asked.pages) == ("fake", True, "1")


def test_a_schema_asks_for_fields(command: Command, runner: PageRunner, page: Path) -> None:
    for options in ([], ["--robust"]):
        result = command("read", page, "--schema", '{"colour": "string"}', *options)
        assert result.return_value == OK, result.stderr
        assert json.loads(result.stdout) == {"colour": None}
        assert runner.requests[-1].schema_["properties"] == {"colour": {"type": ["string", "null"]}}


def test_a_server_that_does_not_answer_is_reported_at_once(command: Command, page: Path) -> None:
    began = time.monotonic()
    result = command("read", page, "--server", "http://127.0.0.1:1")
    assert isinstance(result.exception, OcrqError)
    assert result.exception.code == "server_unreachable"
    assert time.monotonic() - began < 5


def test_files_that_cannot_be_opened_need_no_server(command: Command, tmp_path: Path) -> None:
    result = command("read", tmp_path / "missing.png", "--server", "http://127.0.0.1:1")
    assert result.return_value == SOME_FAILED


def test_a_files_name_may_be_no_text(command: Command, client: Client, page: Path) -> None:
    odd = page.with_name(os.fsdecode(b"\xe9.png"))
    odd.write_bytes(page.read_bytes())
    assert command("read", odd, page).stdout_bytes.startswith(b"==> " + os.fsencode(odd) + b" <==\n")
    assert json.loads(command("read", odd, odd, "--json").stdout)[0]["file"].endswith("?.png")
    assert client.read(odd).text == TEXT


def test_a_job_that_fails_fails_its_file(command: Command, runner: PageRunner, page: Path) -> None:
    runner.fail = ReadFailed("no page could be read; send a better scan")
    result = command("read", page)
    assert result.return_value == SOME_FAILED
    assert result.stderr == f"error: {page}: no page could be read; send a better scan\n"


def test_more_files_than_are_read_at_a_time_all_come_in_order(command: Command, page: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(20)]
    for file in files:
        file.write_bytes(page.read_bytes())
    result = json.loads(command("read", *files, "--json").stdout)
    assert [item["file"] for item in result] == [str(file) for file in files]


def test_cancelling_stops_what_is_under_way_and_submits_no_more(client: Client, runner: PageRunner, page: Path) -> None:
    runner.gate.clear()
    reading = ManyReader(client, "extract_text", {}, lambda _place, _job: None)
    outcomes = reading.outcomes([Source(str(page))] * 30)
    first: list[object] = []
    thread = threading.Thread(target=lambda: first.append(next(outcomes)))
    thread.start()
    while client.health().busy == 0:
        time.sleep(0.01)
    reading.cancel()
    thread.join()
    assert "cancelled" in str(first[0].error)  # type: ignore[attr-defined]
    submitted = client.health()
    assert sum(submitted.queued.values()) == 0
    assert not runner.reads


def test_once_the_server_is_gone_the_rest_fails_at_once(page: Path) -> None:
    with Client("http://127.0.0.1:1") as client:
        reading = ManyReader(client, "extract_text", {}, lambda _place, _job: None)
        client.close()
        outcomes = list(reading.outcomes([Source(str(page))] * 30))
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"server_unreachable"}
    assert len(outcomes) == 30
