"""Headless Chromium sets a page and says where every word stands."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from worker.page import Pixels

MAX_HEIGHT = 2400
"""Pixels; taller pages are drawn anew."""

SCRIPT = r"""
const out=[], blocks=[...document.querySelectorAll('[data-r]')];
const W=document.body.scrollWidth, H=Math.ceil(document.body.scrollHeight);
const re=/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+/gu;
blocks.forEach((el,b)=>{
  const walk=document.createTreeWalker(el,NodeFilter.SHOW_TEXT); let n;
  while(n=walk.nextNode()){
    if(n.parentElement.closest('[data-r]')!==el) continue;
    const cs=getComputedStyle(n.parentElement), fs=parseFloat(cs.fontSize), v=cs.writingMode.startsWith('vertical')?1:0;
    const up=v&&cs.textOrientation!=='mixed'?2:v, bold=parseInt(cs.fontWeight)>=600?1:0;
    const marked=n.parentElement.closest('[data-v]'), mark=marked?marked.dataset.v:'';
    re.lastIndex=0; let m; const r=document.createRange();
    while(m=re.exec(n.data)){
      r.setStart(n,m.index); r.setEnd(n,m.index+m[0].length);
      for(const q of r.getClientRects()) if(q.width>0&&q.height>0) out.push([m[0],q.x,q.y,q.width,q.height,b,fs,v,bold,mark]);
    }
  }
});
const figs=[...document.querySelectorAll('[data-f]')].map(e=>{const q=e.getBoundingClientRect();return [q.x,q.y,q.width,q.height]});
return JSON.stringify({w:W,h:H,words:out,roles:blocks.map(e=>[e.dataset.r,+e.dataset.l]),figures:figs});
"""


@dataclass(frozen=True)
class Token:
    """A word, or a Chinese character, as set.

    Attributes:
        box: Left, top, right, bottom of the line box, pixels.
        block: Index of its block in reading order.
        size: Of the font, pixels.
        vertical: Whether it runs up or down the page.
        mark: ``data-v`` of the element that it stands in: which value it belongs to.
    """

    text: str
    box: tuple[float, float, float, float]
    block: int
    size: float
    vertical: bool
    mark: str = ""


@dataclass(frozen=True)
class DrawnPage:
    """A page with its truth.

    Attributes:
        pixels: BGR.
        tokens: In reading order.
        roles: Role and heading level of every block.
        figures: Boxes of pictures: left, top, right, bottom.
    """

    pixels: Pixels
    tokens: tuple[Token, ...]
    roles: tuple[tuple[str, int], ...]
    figures: tuple[tuple[float, float, float, float], ...]


class Chromium:
    """A browser without a window; a context manager."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        for flag in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-dev-shm-usage",
            "--force-device-scale-factor=1",
            "--window-size=1400,1400",
        ):
            options.add_argument(flag)
        self._driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self._file = Path(tempfile.mkdtemp()) / "page.html"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.quit()

    def draw(self, css: str, body: str, picture: bool = True) -> DrawnPage | None:
        """Set a page; None where it came out too tall or without text.

        Args:
            css: Its style.
            body: Its content.
            picture: Whether it is looked at; without, its pixels are white.
        """
        self._file.write_text(
            f'<!doctype html><html><head><meta charset="utf-8"><style>{css}</style></head><body>{body}</body></html>',
            encoding="utf-8",
        )
        self._driver.get(self._file.as_uri())
        found = json.loads(self._driver.execute_script(SCRIPT))
        width, height = int(found["w"]), int(found["h"])
        if height > MAX_HEIGHT or not found["words"]:
            return None
        pixels = self._picture(width, height) if picture else np.full((height, width, 3), 255, np.uint8)
        tokens = tuple(
            Token(text, (x, y, x + w, y + h), block, size, bool(vertical), mark)
            for text, x, y, w, h, block, size, vertical, _, mark in found["words"]
            if x >= 0 and y >= 0 and x + w <= width + 2
        )
        figures = tuple((x, y, x + w, y + h) for x, y, w, h in found["figures"])
        return DrawnPage(pixels, tokens, tuple((r, level) for r, level in found["roles"]), figures)

    def _picture(self, width: int, height: int) -> Pixels:
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True, "format": "jpeg", "quality": 88}
        )
        pixels = cv2.imdecode(np.frombuffer(base64.b64decode(shot["data"]), np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        return np.asarray(pixels, np.uint8)
