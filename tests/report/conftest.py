# SPDX-License-Identifier: GPL-2.0-only
"""A review with its pictures, made once for all workers, and a real browser."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.stored import read_review_file
from reviewtool.report.summary import render_json
from reviewtool.review import Review
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model
from tests.conftest import SAMPLES

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SERIES = "follow-page-v1.mbox"


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Give the sample series' review with pictures, as it comes back from its JSON."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    stored = shared / "pictured.json"
    with (shared / "pictured.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stored.is_file():
            series = read_series([InputSource(SERIES, SAMPLES / SERIES)])
            cache = open_cache(shared / "pictured-cache")
            review, _ = review_series(series, bundled_model(), Settings(pictures=True), cache)
            partial = stored.with_suffix(".part")
            partial.write_text(render_json(review))
            partial.replace(stored)
    return read_review_file(stored)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Give a headless Chromium, Debian's, with a profile of its own."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("no Chromium here: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "window-size=1400,1000", f"user-data-dir={profile}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(chromedriver)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for pages that the browser opens."""
    return tmp_path_factory.mktemp("pages")
