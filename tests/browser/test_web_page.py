"""The web page, as a visitor uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.documents import as_pdf, as_png, as_tiff, text_page
from tests.served import served

pytestmark = pytest.mark.live
SECONDS = 30.0
FIRST_LINE, SECOND_LINE = "Hello from page 1", "Grüße, 世界 £9"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.png"
    path.write_bytes(as_png(text_page(["Hello"], size=(620, 877))))
    return path


def by_id(browser: Chrome, name: str) -> WebElement:
    return browser.find_element(By.ID, name)


def until(browser: Chrome, condition: Callable[[Chrome], object], what: str) -> None:
    # A page that is being redrawn takes elements away between finding and reading them.
    stale = [StaleElementReferenceException]
    WebDriverWait(browser, SECONDS, ignored_exceptions=stale).until(condition, what)


def read(browser: Chrome, path: Path) -> None:
    by_id(browser, "file").send_keys(str(path))
    by_id(browser, "go").click()


def read_to_the_end(browser: Chrome, path: Path) -> None:
    read(browser, path)
    until(browser, lambda b: by_id(b, "bar").is_displayed(), "the result")


def tab(browser: Chrome, name: str) -> WebElement:
    by_id(browser, f"tab-{name}").click()
    return by_id(browser, f"panel-{name}")


def lines_of(browser: Chrome) -> list[str]:
    return [line.text for line in browser.find_elements(By.CSS_SELECTOR, "#lines li p")]


def complaints(browser: Chrome) -> list[str]:
    """What the browser's console holds against the page: broken scripts, missing files, the policy violated."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]


def test_an_image_is_read_and_shown_beside_its_text(browser: Chrome, scan: Path) -> None:
    complaints(browser)
    read_to_the_end(browser, scan)
    assert lines_of(browser) == [FIRST_LINE, SECOND_LINE]
    assert [mark.text for mark in browser.find_elements(By.CSS_SELECTOR, "#lines .sure")] == ["98%", "62%"]
    picture = by_id(browser, "picture")
    assert picture.is_displayed()
    assert browser.execute_script("return arguments[0].naturalWidth", picture) == 620
    assert len(browser.find_elements(By.CSS_SELECTOR, "#boxes .lines polygon")) == 2
    assert "80%" in by_id(browser, "facts").text
    assert complaints(browser) == []


def test_a_line_and_its_box_point_at_each_other(browser: Chrome, scan: Path) -> None:
    read_to_the_end(browser, scan)
    line = browser.find_elements(By.CSS_SELECTOR, "#lines li")[1]
    box = browser.find_elements(By.CSS_SELECTOR, "#boxes .lines polygon")[1]
    for pointed, other in ((line, box), (box, line)):
        ActionChains(browser).move_to_element(pointed).perform()
        until(browser, lambda _, other=other: "lit" in other.get_attribute("class"), "the other to light up")
        ActionChains(browser).move_to_element(by_id(browser, "go")).perform()
        until(browser, lambda _, other=other: "lit" not in other.get_attribute("class"), "the light to go out")


def test_boxes_lie_where_the_lines_are_on_the_picture(browser: Chrome, scan: Path) -> None:
    read_to_the_end(browser, scan)
    place = "const r = arguments[0].getBoundingClientRect(); return [r.left, r.top, r.width, r.height]"
    left, top, width, height = browser.execute_script(place, by_id(browser, "picture"))
    box = browser.execute_script(place, browser.find_element(By.CSS_SELECTOR, "#boxes .lines polygon"))
    expected = (left + 0.06 * width, top + 0.05 * height, 0.54 * width, 0.035 * height)
    assert box == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("kind", ["pdf", "tiff"])
def test_pages_come_one_by_one_and_can_be_turned(browser: Chrome, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"three.{kind}"
    page = text_page(["x"], size=(300, 400))
    path.write_bytes(as_pdf([page] * 3) if kind == "pdf" else as_tiff([page] * 3))
    read(browser, path)
    until(browser, lambda b: FIRST_LINE in lines_of(b), "the first page")
    until(browser, lambda b: by_id(b, "bar").is_displayed(), "the result")
    assert by_id(browser, "page-number").text == "Page 1 of 3"
    by_id(browser, "after").click()
    until(browser, lambda b: "Hello from page 2" in lines_of(b), "the second page")


def test_without_the_event_stream_the_page_asks_again_and_again(browser: Chrome, scan: Path) -> None:
    browser.execute_script(
        "window.EventSource = function () { setTimeout(() => this.onerror(), 0); };"
        "EventSource.prototype.addEventListener = EventSource.prototype.close = () => {};"
    )
    read_to_the_end(browser, scan)
    assert lines_of(browser) == [FIRST_LINE, SECOND_LINE]


def test_the_robust_read_is_one_click_away(browser: Chrome, scan: Path) -> None:
    browser.find_element(By.XPATH, "//span[text()='Robust']").click()
    read_to_the_end(browser, scan)
    assert lines_of(browser) == [FIRST_LINE, SECOND_LINE]


def test_fields_are_listed_with_their_values_or_why_there_is_none(browser: Chrome, scan: Path) -> None:
    read_to_the_end(browser, scan)
    tab(browser, "fields")
    ask_for(browser, '{"hello": "string", "iban": "iban"}')
    until(browser, lambda b: by_id(b, "found").is_displayed(), "the fields")
    rows = browser.find_elements(By.CSS_SELECTOR, "#fields tbody tr")
    assert [row.find_element(By.TAG_NAME, "th").text for row in rows] == ["hello", "iban"]
    values = [row.find_element(By.TAG_NAME, "input").get_attribute("value") for row in rows]
    assert "from" in values[0], "what stands behind the name on the page"
    assert values[1] == "" and "nothing on the page" in rows[1].text, "why it has no value"
    (box,) = browser.find_elements(By.CSS_SELECTOR, "#boxes .fields polygon")
    ActionChains(browser).move_to_element(rows[0]).perform()
    until(browser, lambda _: "lit" in box.get_attribute("class"), "the place of the field to light up")


def ask_for(browser: Chrome, schema: str) -> None:
    for summary in browser.find_elements(By.CSS_SELECTOR, ".builder summary"):
        summary.click()
    by_id(browser, "schema").clear()
    by_id(browser, "schema").send_keys(schema)
    by_id(browser, "fill").click()


def test_a_file_that_is_no_document_shows_the_remedy(browser: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "note.png"
    path.write_text("not a picture")
    read(browser, path)
    until(browser, lambda b: by_id(b, "problem").is_displayed(), "the problem")
    assert "PNG, JPEG" in by_id(browser, "problem-detail").text


def test_fields_that_are_no_json_are_reported_before_anything_is_sent(browser: Chrome, scan: Path) -> None:
    read_to_the_end(browser, scan)
    tab(browser, "fields")
    ask_for(browser, "total")
    until(browser, lambda b: by_id(b, "problem").is_displayed(), "the problem")
    assert "not valid JSON" in by_id(browser, "problem-title").text


def test_a_read_can_be_cancelled(browser: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(as_pdf([text_page(["x"], size=(300, 400))] * 200))
    read(browser, path)
    until(browser, lambda b: "of 200" in by_id(b, "progress-text").text, "progress")
    until(browser, lambda b: FIRST_LINE in lines_of(b), "the first page")
    by_id(browser, "cancel").click()
    until(browser, lambda b: "Cancelled after" in by_id(b, "notice").text, "the end")
    assert not by_id(browser, "problem").is_displayed(), "a cancel that was asked for is no problem"
    assert FIRST_LINE in lines_of(browser)[0], "what was read is kept"


def test_a_document_may_be_pasted(browser: Chrome, scan: Path) -> None:
    browser.execute_async_script(
        "const [bytes, done] = arguments; const data = new DataTransfer();"
        "data.items.add(new File([new Uint8Array(bytes)], 'image.png', {type: 'image/png'}));"
        "document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data})); done();",
        list(scan.read_bytes()),
    )
    assert by_id(browser, "chosen").text == "image.png"
    by_id(browser, "go").click()
    until(browser, lambda b: by_id(b, "bar").is_displayed(), "the result")


def test_the_page_corner_shows_the_services_health(browser: Chrome) -> None:
    until(browser, lambda b: "busy" in by_id(b, "health").text, "health")
    assert by_id(browser, "health").get_attribute("data-status") == "healthy"


def test_everything_can_be_reached_by_keyboard_and_has_a_name(browser: Chrome, scan: Path) -> None:
    read_to_the_end(browser, scan)
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('button, input, select, textarea, a, summary')]"
        ".filter(e => e.checkVisibility() && !(e.textContent.trim() || e.ariaLabel || e.labels?.length))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    browser.execute_script("arguments[0].focus()", browser.find_element(By.CSS_SELECTOR, "#lines li"))
    assert "lit" in browser.find_element(By.CSS_SELECTOR, "#boxes .lines polygon").get_attribute("class")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_sideways(browser: Chrome, scan: Path, width: int) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        read_to_the_end(browser, scan)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_server_with_keys_asks_for_one_and_reads_with_it(browser: Chrome, scan: Path) -> None:
    key = "ann-0123456789-abcdefgh"
    with served("--page-seconds", "0.2", OCRQ_API_KEYS=f"ann:{key}") as url:
        browser.get(url)
        until(browser, lambda b: by_id(b, "key-form").is_displayed(), "the question")
        complaints(browser)
        for sent in ("not-the-key-of-anyone", key):
            by_id(browser, "key").send_keys(sent)
            by_id(browser, "key").submit()
            if sent != key:
                until(browser, lambda b: "unknown" in by_id(b, "problem-detail").text, "the refusal")
        until(browser, lambda b: not by_id(b, "key-form").is_displayed(), "the key taken")
        complaints(browser)
        read_to_the_end(browser, scan)
        assert lines_of(browser) == [FIRST_LINE, SECOND_LINE]
        assert complaints(browser) == []
        assert key not in browser.current_url + browser.execute_script("return document.cookie")
        assert browser.execute_script("return JSON.stringify(localStorage)") == "{}"
        assert key not in browser.execute_script("return sessionStorage.getItem('ocrq-names')")
        by_id(browser, "key-forget").click()
        until(browser, lambda b: by_id(b, "key-form").is_displayed(), "the question again")
