"""Real scans through the web page: read, fields, compared, reloaded, cancelled, saved; and the page as axe sees it.

With OCRQ_TEST_SCREENSHOTS=docs/images the pictures of the guides are made anew.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.documents import as_pdf, text_page

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
SECONDS = 240.0  # a busy machine reads a page in seconds, not in tenths
PICTURES = os.environ.get("OCRQ_TEST_SCREENSHOTS")
PAGE = """<meta charset=utf-8><style>
body { margin: 0; padding: 60px; width: 760px; font: 20px/1.5 'DejaVu Sans', sans-serif; background: #fff; }
td, th { border: 1px solid #888; padding: 6px 12px; text-align: left; }
table { border-collapse: collapse; width: 100%; }
</style>"""
INVOICE = f"""{PAGE}<h1>Invoice</h1><p>Harbour Tools Ltd</p><p>Invoice number: HT-20418<br>Date: 2026-05-17</p>
<table><tr><th>Description<th>Quantity<th>Unit price<th>Amount</tr>
<tr><td>Steel ruler<td>3<td>4.50<td>13.50</tr><tr><td>Wood glue<td>2<td>6.25<td>12.50</tr></table>
<p>Subtotal: 26.00<br>Tax: 5.20<br>Total: 31.20</p>"""
LETTER = f"""{PAGE}<h1>Notice of works</h1><p>The north stair will be closed from Monday. Please use the lift,
or the south stair by the library.</p><h2>Questions</h2><p>Ask at the front desk before noon.</p>"""


def by_id(browser: Chrome, name: str) -> WebElement:
    return browser.find_element(By.ID, name)


def until(browser: Chrome, condition: Callable[[Chrome], object], what: str) -> None:
    WebDriverWait(browser, SECONDS, ignored_exceptions=[StaleElementReferenceException]).until(condition, what)


def tab(browser: Chrome, name: str) -> WebElement:
    by_id(browser, f"tab-{name}").click()
    return by_id(browser, f"panel-{name}")


def picture(browser: Chrome, name: str) -> None:
    """A screenshot for the guides, where they are asked for."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        with Image.open(io.BytesIO(browser.get_screenshot_as_png())) as shot:
            shot.convert("RGB").quantize(64).save(Path(PICTURES) / f"{name}.png", optimize=True)


@pytest.fixture(scope="module")
def scans(_browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two scans: drawn pages, greyed and blurred a little by JPEG."""
    folder = tmp_path_factory.mktemp("scans")
    made = []
    for name, page in (("invoice", INVOICE), ("letter", LETTER)):
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        _browser.get((folder / f"{name}.html").as_uri())
        with Image.open(io.BytesIO(_browser.get_screenshot_as_png())) as shot:
            shot.convert("L").crop((0, 0, 880, 760)).save(folder / f"{name}.jpg", quality=80)
        made.append(folder / f"{name}.jpg")
    return made[0], made[1]


@pytest.fixture
def page(_browser: Chrome, reading_url: str) -> Chrome:
    _browser.get("about:blank")
    _browser.get(reading_url)
    _browser.get_log("browser")
    return _browser


def read(browser: Chrome, *paths: Path) -> None:
    by_id(browser, "file").send_keys("\n".join(map(str, paths)))
    by_id(browser, "go").click()
    until(browser, lambda b: by_id(b, "bar").is_displayed(), "the result")


def violations(browser: Chrome) -> list[str]:
    found = Axe().run(browser)["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def first_box(browser: Chrome) -> tuple[float, float]:
    """Where a line's box begins and how wide it is, in the picture's pixels of the screen."""
    box, picture = (browser.find_element(By.CSS_SELECTOR, css).rect for css in ("#boxes .lines polygon", "#picture"))
    return box["x"] - picture["x"], box["width"]


def rows_of(browser: Chrome) -> list[str]:
    return [" ".join(row.text.split()) for row in browser.find_elements(By.CSS_SELECTOR, "#lines li p")]


def test_two_scans_are_read_shown_filled_compared_and_found_again(
    page: Chrome, scans: tuple[Path, Path], reading_url: str
) -> None:
    assert violations(page) == []
    read(page, *scans)
    # Rows are rows, blocks have their kinds, the table its cells.
    assert "Steel ruler 3 4.50 13.50" in rows_of(page)
    picture(page, "page-text")
    place = first_box(page)
    assert violations(page) == []
    kinds = {kind.text for kind in tab(page, "blocks").find_elements(By.CSS_SELECTOR, ".kind")}
    assert "table 3 × 4" in kinds and any(kind.startswith(("heading", "title")) for kind in kinds)
    assert violations(page) == []
    cells = [cell.text for cell in tab(page, "tables").find_elements(By.CSS_SELECTOR, "td, th")]
    assert cells[:8] == ["Description", "Quantity", "Unit price", "Amount", "Steel ruler", "3", "4.50", "13.50"]
    picture(page, "page-tables")
    assert tab(page, "document").find_elements(By.CSS_SELECTOR, "table")
    assert first_box(page) == pytest.approx(place, abs=1)
    assert violations(page) == []
    point_both_ways(page)

    # Fields by a preset, the items as a grid to be corrected.
    tab(page, "fields")
    by_id(page, "fill").click()
    until(page, lambda b: by_id(b, "found").is_displayed(), "the fields")
    values = {
        row.find_element(By.TAG_NAME, "th").text: row.find_element(By.TAG_NAME, "input").get_attribute("value")
        for row in page.find_elements(By.CSS_SELECTOR, "#fields tbody tr")
    }
    assert (values["invoice_number"], values["date"], values["total"]) == ("HT-20418", "2026-05-17", "31.2")
    items = page.find_elements(By.CSS_SELECTOR, ".items tbody tr")
    assert len(items) == 2
    picture(page, "page-fields")
    assert violations(page) == []

    # Compared with the robust read.
    tab(page, "compare")
    by_id(page, "compare").click()
    until(page, lambda b: "beside" in by_id(b, "compared").text, "the comparison")
    assert "Steel ruler" in by_id(page, "difference").text
    assert violations(page) == []

    # The second scan is in the list; opened, the address names it; loaded again, it is still there.
    until(page, lambda b: len(b.find_elements(By.CSS_SELECTOR, "#jobs .open")) >= 2, "the documents")
    letter = next(one for one in page.find_elements(By.CSS_SELECTOR, "#jobs .open") if "letter" in one.text)
    letter.click()
    tab(page, "text")
    until(page, lambda b: "Notice of works" in rows_of(b), "the second scan")
    until(page, lambda b: by_id(b, "bar").is_displayed(), "its result")
    assert page.current_url.startswith(f"{reading_url}/#job=")
    page.refresh()
    until(page, lambda b: by_id(b, "bar").is_displayed(), "the result after a reload")
    assert "Notice of works" in rows_of(page)
    assert "letter" in by_id(page, "jobs").text
    page.back()
    until(page, lambda b: "Invoice number: HT-20418" in rows_of(b), "the document before")
    assert [e["message"] for e in page.get_log("browser") if e["level"] in {"SEVERE", "WARNING"}] == []


def point_both_ways(browser: Chrome) -> None:
    """A word in the text lights its box, its line and its block on the page, and the box lights the word."""
    tab(browser, "text")
    word = next(w for w in browser.find_elements(By.CSS_SELECTOR, "#lines .word") if w.text == "HT-20418")
    mark = word.get_attribute("data-mark")
    box = browser.find_element(By.CSS_SELECTOR, f'#boxes .words [data-mark="{mark}"]')
    ActionChains(browser).move_to_element(word).perform()
    until(browser, lambda _: "lit" in (box.get_attribute("class") or ""), "the word's box")
    lit = {one.get_attribute("data-mark")[0] for one in browser.find_elements(By.CSS_SELECTOR, "#boxes .lit")}
    assert lit == {"w", "l", "b"}
    ActionChains(browser).move_to_element(by_id(browser, "go")).perform()
    ActionChains(browser).move_to_element(box).perform()
    until(browser, lambda _: "lit" in word.get_attribute("class"), "the word")


def test_every_format_is_downloaded(page: Chrome, scans: tuple[Path, Path]) -> None:
    read(page, scans[0])
    folder: Path = page.downloads  # type: ignore[attr-defined]
    for kept in folder.iterdir():
        kept.unlink()
    begins = {
        "json": ("invoice.json", b"{"),
        "text": ("invoice.txt", b"Invoice"),
        "markdown": ("invoice.md", b"# Invoice"),
        "html": ("invoice.html", b"<"),
        "csv": ("invoice.csv", b"Description,Quantity"),
        "hocr": ("invoice.hocr.html", b"<"),
        "alto": ("invoice.alto.xml", b"<?xml"),
        "pdf": ("invoice.pdf", b"%PDF-"),
    }
    offered = [option.get_attribute("value") for option in by_id(page, "format").find_elements(By.TAG_NAME, "option")]
    assert set(offered) == set(begins)
    for index, (format_, (name, start)) in enumerate(begins.items()):
        page.execute_script("arguments[0].value = arguments[1]", by_id(page, "format"), format_)
        by_id(page, "download").click()
        deadline = time.monotonic() + SECONDS
        while not (folder / name).exists() or len(list(folder.iterdir())) != index + 1:
            assert time.monotonic() < deadline, f"{format_}: {list(folder.iterdir())}"
            time.sleep(0.05)
        assert (folder / name).read_bytes().lstrip(b"\xef\xbb\xbf").startswith(start), format_


def test_corrected_fields_are_saved(page: Chrome, scans: tuple[Path, Path]) -> None:
    read(page, scans[0])
    tab(page, "fields")
    by_id(page, "fill").click()
    until(page, lambda b: by_id(b, "found").is_displayed(), "the fields")
    number = page.find_element(By.CSS_SELECTOR, "#fields input[aria-label=invoice_number]")
    number.clear()
    number.send_keys("HT-1")
    folder: Path = page.downloads  # type: ignore[attr-defined]
    shutil.rmtree(folder)
    folder.mkdir()
    for text in ("Save JSON", "Save CSV"):
        page.find_element(By.XPATH, f"//*[@id='found']//button[text()='{text}']").click()
    until(page, lambda _: {p.name for p in folder.iterdir()} == {"invoice-fields.json", "invoice-fields.csv"}, "both")
    saved = json.loads((folder / "invoice-fields.json").read_text())
    assert saved["invoice_number"] == "HT-1" and len(saved["line_items"]) == 2
    rows = list(csv.reader((folder / "invoice-fields.csv").read_text().splitlines()))
    assert ["invoice_number", "HT-1"] in rows and ["line_items"] in rows


def test_a_long_read_is_cancelled_from_the_list(page: Chrome, tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(as_pdf([text_page(["x"], size=(300, 400))] * 200))
    by_id(page, "file").send_keys(str(path))
    by_id(page, "go").click()
    until(page, lambda b: "of 200" in by_id(b, "progress-text").text, "progress")

    def cancel(browser: Chrome) -> bool:  # the list is drawn anew as pages are read
        for button in browser.find_elements(By.CSS_SELECTOR, "#jobs button.plain"):
            button.click()
            return True
        return False

    until(page, cancel, "a way to cancel in the list")
    until(page, lambda b: by_id(b, "notice").text.startswith("Cancelled"), "the end")
    assert not by_id(page, "problem").is_displayed()


def test_the_page_zooms_and_its_tabs_go_by_keys(page: Chrome, scans: tuple[Path, Path]) -> None:
    read(page, scans[1])
    width = "return document.getElementById('paper').getBoundingClientRect().width"
    before = page.execute_script(width)
    by_id(page, "view").send_keys("+")
    assert page.execute_script(width) == pytest.approx(before * 1.25, rel=0.03)
    by_id(page, "zoom-fit").click()
    assert page.execute_script(width) == pytest.approx(before, rel=0.03)
    by_id(page, "tab-text").send_keys(Keys.ARROW_RIGHT)
    assert by_id(page, "panel-document").is_displayed() and not by_id(page, "panel-text").is_displayed()
    by_id(page, "tab-document").send_keys(Keys.END)
    assert '"pages"' in by_id(page, "json").text


def test_the_page_is_as_clean_in_the_dark_and_on_a_phone(page: Chrome, scans: tuple[Path, Path]) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        read(page, scans[0])
        assert violations(page) == []
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for name in ("text", "blocks", "tables", "fields"):
            tab(page, name)
            assert violations(page) == []
            assert page.execute_script("return document.documentElement.scrollWidth") <= size["width"], name
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_sample_is_read(page: Chrome) -> None:
    page.find_element(By.CSS_SELECTOR, "[data-sample$='invoice.png']").click()
    until(page, lambda b: by_id(b, "chosen").text == "invoice.png", "the sample")
    by_id(page, "go").click()
    until(page, lambda b: by_id(b, "bar").is_displayed(), "the result")
    assert any("NP-2026-0418" in row for row in rows_of(page))


def test_the_api_is_described_and_tried_from_the_page(page: Chrome, reading_url: str) -> None:
    page.get(f"{reading_url}/docs")
    until(page, lambda b: b.find_elements(By.CSS_SELECTOR, "#operations-service-health"), "the API")
    page.find_element(By.CSS_SELECTOR, "#operations-service-health button").click()
    until(page, lambda b: b.find_elements(By.CSS_SELECTOR, ".try-out__btn"), "the operation")
    page.find_element(By.CSS_SELECTOR, ".try-out__btn").click()
    until(page, lambda b: b.find_elements(By.CSS_SELECTOR, ".execute"), "the button")
    page.find_element(By.CSS_SELECTOR, ".execute").click()
    until(page, lambda b: '"healthy"' in b.find_element(By.CSS_SELECTOR, ".live-responses-table").text, "the answer")
    messages = [entry["message"] for entry in page.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]
    assert messages == [], "nothing inline, nothing from another host"
