# SPDX-License-Identifier: GPL-2.0-only
"""What all tests share: golden files, and reviews of the samples, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.review import Review
from reviewtool.series.read import read_series
from reviewtool.series.series import Series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model

SAMPLES = Path(__file__).parent.parent / "sample_patches"
GOLDEN = Path(__file__).parent / "golden"

Reviewed = tuple[Review, Series]

# How long an example takes says more about the machine than about the code.
settings.register_profile("reviewtool", deadline=None)
settings.load_profile("reviewtool")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture(scope="session")
def review_sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reviewed]:
    """Give the review of a sample by its file name."""
    modules = open_cache(tmp_path_factory.mktemp("cache"))

    @cache
    def review(name: str) -> Reviewed:
        series = read_series([InputSource(name, SAMPLES / name)])
        return review_series(series, bundled_model(), Settings(), modules)

    return review


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with a golden file, or rewrite it with --update-golden."""

    def check(name: str, found: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_bytes(found)
        assert path.is_file(), f"no golden file {name}: run with --update-golden and read it"
        assert found.decode() == path.read_bytes().decode()

    return check
