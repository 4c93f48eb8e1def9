"""A real server, and a real browser before it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.served import served

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    with served("--page-seconds", "0.2") as url:
        yield url


@pytest.fixture(scope="session")
def reading_url() -> Iterator[str]:
    """A server that reads with the embedded engine."""
    with served("--real") as url:
        yield url


@pytest.fixture(scope="session")
def _browser(
    missing: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[webdriver.Chrome]:
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing("chromium and its driver are not installed; on Debian: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    downloads = tmp_path_factory.mktemp("downloads")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    for flag in ("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,1000"):
        options.add_argument(flag)
    if os.geteuid() == 0:  # Chromium's sandbox refuses to run as root
        options.add_argument("--no-sandbox")
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.downloads = downloads
    yield browser
    browser.quit()


@pytest.fixture
def browser(_browser: webdriver.Chrome, page_url: str) -> webdriver.Chrome:
    _browser.get(page_url)
    return _browser


@pytest.fixture
def downloads(browser: webdriver.Chrome) -> Path:
    return browser.downloads
