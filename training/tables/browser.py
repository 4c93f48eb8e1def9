"""Renders drawn pages with headless Chromium: pixels, and every word, block and cell with its place as truth."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from training.tables.pages import DrawnPage
from worker.page import Pixels

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

TRUTH = """
const words = (root) => {
  const found = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = document.createRange();
  const rect = (node, from, to) => { range.setStart(node, from); range.setEnd(node, to);
                                      return range.getClientRects(); };
  const put = (text, box, cell) => found.push({text, box: [box.left, box.top, box.right, box.bottom], cell});
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement.closest('td,th');
    const cell = holder && holder.dataset.cell !== undefined ? +holder.dataset.cell : -1;
    for (const match of node.data.matchAll(/\\S+/g)) {
      const rects = rect(node, match.index, match.index + match[0].length);
      if (rects.length === 1) { put(match[0], rects[0], cell); continue; }
      let run = '', box = null;
      for (let i = 0; i < match[0].length; i++) {
        const one = rect(node, match.index + i, match.index + i + 1)[0];
        if (!one) continue;
        if (box && Math.abs(one.top - box.top) > 3) { put(run, box, cell); run = ''; box = null; }
        run += match[0][i];
        box = box ? {left: Math.min(box.left, one.left), top: box.top, right: Math.max(box.right, one.right),
                     bottom: box.bottom} : {left: one.left, top: one.top, right: one.right, bottom: one.bottom};
      }
      if (box) put(run, box, cell);
    }
  }
  return found;
};
const cells = (table) => {
  const taken = {}, found = [];
  [...table.rows].forEach((tr, row) => {
    let column = 0;
    for (const cell of tr.cells) {
      while (taken[row + ',' + column]) column++;
      for (let r = 0; r < cell.rowSpan; r++) for (let c = 0; c < cell.colSpan; c++)
        taken[(row + r) + ',' + (column + c)] = 1;
      const box = cell.getBoundingClientRect();
      cell.dataset.cell = found.length;
      found.push({row, column, row_span: cell.rowSpan, column_span: cell.colSpan, header: tr.className === 'head',
                  text: cell.innerText.trim().replace(/\\s+/g, ' '), box: [box.left, box.top, box.right, box.bottom]});
    }
  });
  return found;
};
return [...document.querySelectorAll('[data-block]')].map((block) => {
  const box = block.getBoundingClientRect();
  const table = block.tagName === 'TABLE' ? cells(block) : null;
  return {type: block.dataset.block, box: [box.left, box.top, box.right, box.bottom], cells: table,
          words: words(block)};
});
"""
"""Blocks of a page with their boxes in CSS pixels; a word's ``cell`` is its place in its table's list."""


class Renderer:
    """One browser.

    Args:
        driver: Headless Chromium's.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def render(self, page: DrawnPage) -> tuple[Pixels, list[dict[str, Any]]]:
        """The page's pixels and its blocks, boxes in those pixels."""
        driver = self._driver
        metrics = {"width": page.width, "height": 400, "deviceScaleFactor": page.scale, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
            file.write(page.html)
            file.flush()
            driver.get(Path(file.name).as_uri())
        width, height = driver.execute_script(
            "const e = document.documentElement; return [e.scrollWidth, Math.max(60, document.body.scrollHeight + 60)]"
        )
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "width": max(width, page.width), "height": height}
        )
        blocks = driver.execute_script(TRUTH)
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        encoded = np.frombuffer(base64.b64decode(shot["data"]), np.uint8)
        pixels = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
        for block in blocks:
            for part in (block, *(block["cells"] or ()), *block["words"]):
                part["box"] = [round(value * page.scale, 1) for value in part["box"]]
        return pixels, blocks


@contextmanager
def open_renderer() -> Iterator[Renderer]:
    """A browser for as long as it is needed.

    Raises:
        FileNotFoundError: Chromium or its driver is not installed.
    """
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        raise FileNotFoundError("chromium and its driver are needed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    if os.geteuid() == 0:  # Chromium's sandbox refuses to run as root
        options.add_argument("--no-sandbox")
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Renderer(browser)
    finally:
        browser.quit()
