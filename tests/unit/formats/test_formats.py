from __future__ import annotations

import base64
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings

from ocrq.contracts import OutputFormat
from ocrq.errors import InvalidRequest
from tests.unit.formats.format_samples import Pictures, any_page, document
from worker.formats import binary_formats, find_format, render

NAMES = get_args(OutputFormat)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_of_the_contract_has_a_module_that_says_what_it_gives(name: str) -> None:
    assert isinstance(find_format(name).binary, bool)


def test_an_unknown_format_is_an_error_that_names_the_field_and_lists_the_known() -> None:
    with pytest.raises(InvalidRequest, match="markdown") as raised:
        render("docx", document(), Pictures())
    assert raised.value.field == "output"


@pytest.mark.parametrize("name", ["protocols", "geometry", "../text", ""])
def test_a_helper_module_is_no_format(name: str) -> None:
    with pytest.raises(InvalidRequest):
        find_format(name)


def test_only_the_pdf_is_binary() -> None:
    assert binary_formats() == {"pdf"}


def test_a_binary_format_comes_in_base64_and_a_text_format_as_it_is() -> None:
    assert base64.b64decode(render("pdf", document(), Pictures()), validate=True).startswith(b"%PDF-")
    assert render("text", document(), Pictures()).startswith("CORNER GROCERY\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_pages_give_the_same_document(name: str) -> None:
    assert render(name, document(), Pictures()) == render(name, document(), Pictures())


@pytest.mark.parametrize("name", NAMES)
def test_a_document_of_no_pages_is_written_too(name: str) -> None:
    assert isinstance(render(name, [], Pictures()), str)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(page=any_page)
def test_no_page_whatever_it_says_makes_a_format_fail(name: str, page: object) -> None:
    assert isinstance(render(name, [page], Pictures(damaged=(1,))), str)  # type: ignore[list-item]


def test_finding_a_text_format_loads_no_pdf_library() -> None:
    code = (
        "import sys; from worker.formats import find_format; find_format('alto'); assert 'pikepdf' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
