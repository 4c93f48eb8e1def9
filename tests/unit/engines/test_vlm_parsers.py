from __future__ import annotations

import json

import pytest

from worker.engines.parsers import Answer, parse
from worker.engines.presets import GENERIC, PRESETS, preset_for

FRONT = """---
primary_language: en
is_rotation_valid: True
rotation_correction: 0
is_table: False
is_diagram: False
---
"""


def sure(text: str) -> Answer:
    """An answer whose characters' probabilities tell them apart: each letter has its own."""
    return Answer(text, tuple((ord(character) % 97) / 100 for character in text))


def test_front_matter_is_taken_off_and_reported() -> None:
    parsed = parse("front_matter", Answer(FRONT + "# Harbour Bakery\n\nTotal 4.50"))
    assert parsed.answer.text == "Harbour Bakery\n\nTotal 4.50"
    assert (parsed.language, parsed.turns, parsed.warnings) == ("en", 0, ())


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (270, 3)])
def test_a_page_the_model_calls_turned_says_by_how_many_quarters(degrees: int, turns: int) -> None:
    front = FRONT.replace("valid: True", "valid: False").replace("correction: 0", f"correction: {degrees}")
    assert parse("front_matter", Answer(front + "Text")).turns == turns


def test_a_turn_that_cannot_be_is_reported_and_not_taken() -> None:
    front = FRONT.replace("valid: True", "valid: False").replace("correction: 0", "correction: 45")
    parsed = parse("front_matter", Answer(front + "Text"))
    assert parsed.turns == 0
    assert "45" in parsed.warnings[0]


def test_an_answer_without_front_matter_is_text_and_reported() -> None:
    parsed = parse("front_matter", Answer("Just text\n---\nand more"))
    assert parsed.answer.text == "Just text\n\nand more"
    assert "no front matter" in parsed.warnings[0]


@pytest.mark.parametrize("body", ["null", "", "\n"])
def test_a_blank_page_has_no_text(body: str) -> None:
    parsed = parse("front_matter", Answer(FRONT.replace(": en", ": null") + body))
    assert (parsed.answer.text, parsed.language, parsed.warnings) == ("", None, ())


def test_front_matter_that_was_cut_off_leaves_no_trace_in_the_text() -> None:
    assert parse("front_matter", Answer("---\nprimary_language: en\nis_rotation_valid: True")).answer.text == ""


def test_the_previews_json_is_understood_fenced_or_not() -> None:
    expected = {
        "primary_language": "de",
        "is_rotation_valid": False,
        "rotation_correction": 270,
        "is_table": False,
        "is_diagram": False,
        "natural_text": "Straße 4\nSumme 8",
    }
    plain = parse("json", sure(json.dumps(expected)))
    assert (plain.answer.text, plain.language, plain.turns) == ("Straße 4\nSumme 8", "de", 3)
    assert len(plain.answer.probabilities) == len(plain.answer.text)
    assert parse("json", Answer(f"```json\n{json.dumps(expected)}\n```")).answer.text == plain.answer.text


@pytest.mark.parametrize("text", ["no json", "[1]", '{"natural_text": 7}', '{"natural_text": "cut o'])
def test_what_is_not_the_json_asked_for_is_text_and_reported(text: str) -> None:
    parsed = parse("json", Answer(text))
    assert parsed.answer.text == text
    assert "not in JSON" in parsed.warnings[0]


MARKUP = {
    "headings": ("# One\n### Two", "One\n\nTwo"),
    "emphasis": ("**Total** is *4* now", "Total is 4 now"),
    "stars that are no emphasis": ("3 * 4 * 5 ** 2", "3 * 4 * 5 ** 2"),
    "figures": ("Before\n![a chart of sales](page_0_0_10_10.png)\nAfter", "Before\nAfter"),
    "links": ("See [our site](https://example.org/a) now", "See our site now"),
    "fences": ("```markdown\nText\n```", "Text"),
    "markdown tables": ("| Item | Price |\n|---|---:|\n| Tea | 2.00 |", "Item\nPrice\nTea\n2.00"),
    "bars in text": ("either | or", "either | or"),
    "html tables": (
        "<table>\n<tr><th>Item</th><th>Price</th></tr>\n<tr><td>Tea</td><td>2.00</td></tr>\n</table>",
        "Item\nPrice\nTea\n2.00",
    ),
    "entities": ("Fish &amp; Chips &lt;b&gt;", "Fish & Chips <b>"),
    "formulas stay": (r"\(x^2 < 4\)", r"\(x^2 < 4\)"),
    "addresses in angle brackets stay": ("Write to <anna@example.org>", "Write to <anna@example.org>"),
}


@pytest.mark.parametrize(("text", "shown"), MARKUP.values(), ids=MARKUP.keys())
def test_markup_goes_and_each_character_keeps_its_probability(text: str, shown: str) -> None:
    answer = parse("markdown", sure(text)).answer
    assert answer.text == shown
    assert len(answer.probabilities) == len(shown)
    for character, probability in zip(answer.text, answer.probabilities, strict=True):
        if character.isalnum():
            assert probability == (ord(character) % 97) / 100


def test_plain_answers_lose_only_space_at_their_ends() -> None:
    assert parse("plain", sure(" # 5 **\n")).answer == sure("# 5 **")


NAMES = {
    "allenai/olmOCR-2-7B-1025-FP8": "olmocr-2",
    "allenai/olmOCR-7B-0825": "olmocr-1",
    "allenai/olmOCR-7B-0225-preview": "olmocr-preview",
    "reducto/RolmOCR": "rolmocr",
    "zai-org/GLM-OCR": "glm-ocr",
    "PaddlePaddle/PaddleOCR-VL-1.5": "paddleocr-vl",
    "lightonai/LightOnOCR-2-1B": "lightonocr",
    "PaddlePaddle/PaddleOCR-VL-1.6": "paddleocr-vl",
    "datalab-to/chandra-ocr-2": "chandra-2",
    "datalab-to/surya-ocr-2": "surya-2",
    "rednote-hilab/dots.ocr": "dots-ocr",
    "deepseek-ai/DeepSeek-OCR-2": "deepseek-ocr-2",
    "stepfun-ai/GOT-OCR-2.0-hf": "got-ocr-2",
    "Qwen/Qwen2.5-VL-7B-Instruct": "generic",
    "someone/unknown": "generic",
    "/models/rolmocr-tuned/": "rolmocr",
}


@pytest.mark.parametrize(("model", "preset"), NAMES.items())
def test_a_model_gets_the_preset_of_its_name(model: str, preset: str) -> None:
    assert preset_for(model).name == preset


def test_a_directory_with_no_telling_name_gets_the_preset_of_its_type() -> None:
    assert preset_for("data/tiny", "qwen2_5_vl").name == "olmocr-2"
    assert preset_for("data/tiny", "glm_ocr").name == "glm-ocr"
    assert preset_for("data/tiny", "mistral3") is GENERIC


def test_each_type_and_name_stands_once_in_the_table() -> None:
    types = [kind for preset in PRESETS for kind in preset.model_types]
    names = [part for preset in (*PRESETS, GENERIC) for part in preset.names]
    assert len(types) == len(set(types))
    assert len(names) == len(set(names))
