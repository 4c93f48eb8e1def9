"""Draws the samples of the web page (`app/static/samples`) with Chromium: an invoice, and a report in two columns.

``python -m scripts.make_samples``; the receipt is `examples/receipt.jpg`, smaller.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "app" / "static" / "samples"
PAGE = (1000, 1414)  # pixels of an A4 page
RECEIPT_WIDTH = 640
STYLE = """
body { margin: 0; padding: 70px 80px; width: 840px; font: 19px/1.45 "DejaVu Sans", sans-serif; color: #1b1f24; background: #fff; }
h1 { font-size: 34px; margin: 0 0 6px; } h2 { font-size: 22px; margin: 22px 0 6px; } p { margin: 0 0 12px; }
table { border-collapse: collapse; width: 100%; margin: 26px 0; } td, th { padding: 8px 10px; border: 1px solid #9aa3ad; text-align: left; }
.number { text-align: right; } .two { columns: 2; column-gap: 44px; text-align: justify; } .right { text-align: right; }
"""
INVOICE = """
<h1>Invoice</h1><p>Northwind Paper Ltd<br>12 Quayside, Bristol BS1 4RN</p>
<p>Invoice number: NP-2026-0418<br>Date: 14 March 2026<br>Due date: 13 April 2026</p>
<p>Bill to: Alder &amp; Finch Books, 3 Mill Lane, York YO1 6JT</p>
<table><tr><th>Description</th><th class=number>Quantity</th><th class=number>Unit price</th><th class=number>Amount</th></tr>
<tr><td>Recycled paper A4, 80 g</td><td class=number>40</td><td class=number>4.50</td><td class=number>180.00</td></tr>
<tr><td>Envelopes C5, white</td><td class=number>12</td><td class=number>6.25</td><td class=number>75.00</td></tr>
<tr><td>Binding covers, clear</td><td class=number>8</td><td class=number>9.90</td><td class=number>79.20</td></tr></table>
<p class=right>Subtotal: 334.20<br>VAT 20%: 66.84<br><b>Total: 401.04</b></p>
<p>Please pay by bank transfer within 30 days.</p>
"""
REPORT = """
<h1>Water in the Upper Valley</h1><p>A short report, spring 2026</p>
<div class=two><h2>Summary</h2><p>Rain in the first quarter was a fifth above the mean of the last thirty years. The reservoir is full,
and the river has kept within its banks since the works of last autumn were completed.</p>
<h2>Measurements</h2><p>Three gauges were read each morning. The gauge at the mill was replaced in February, and its readings before
that date are marked as estimates in the annex.</p><p>The largest difference between two gauges was four centimetres, on the day after
the storm of 9 March.</p><h2>Outlook</h2><p>No restriction of use is expected before July. A second gauge at the weir would help to tell
a blocked inlet from a falling level.</p></div>
<table><tr><th>Month</th><th class=number>Rain, mm</th><th class=number>Level, m</th></tr>
<tr><td>January</td><td class=number>112</td><td class=number>1.84</td></tr><tr><td>February</td><td class=number>87</td><td class=number>1.71</td></tr>
<tr><td>March</td><td class=number>131</td><td class=number>2.02</td></tr></table>
"""


def main() -> None:
    SAMPLES.mkdir(exist_ok=True)
    with Image.open(ROOT / "examples" / "receipt.jpg") as receipt:
        size = (RECEIPT_WIDTH, round(receipt.height * RECEIPT_WIDTH / receipt.width))
        receipt.convert("L").resize(size, Image.Resampling.LANCZOS).save(SAMPLES / "receipt.jpg", quality=70)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in ("--headless=new", "--disable-gpu", f"--window-size={PAGE[0]},{PAGE[1] + 200}"):
        options.add_argument(flag)
    if os.geteuid() == 0:  # Chromium's sandbox refuses to run as root
        options.add_argument("--no-sandbox")
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    with TemporaryDirectory() as directory:
        for name, body in (("invoice", INVOICE), ("report", REPORT)):
            page = Path(directory) / f"{name}.html"
            page.write_text(f"<meta charset=utf-8><style>{STYLE}</style>{body}", encoding="utf-8")
            browser.get(page.as_uri())
            with Image.open(io.BytesIO(browser.get_screenshot_as_png())) as shot:
                grey = shot.convert("L").crop((0, 0, PAGE[0], min(PAGE[1], shot.height)))
                grey.quantize(16).save(SAMPLES / f"{name}.png", optimize=True)
    browser.quit()


if __name__ == "__main__":
    main()
