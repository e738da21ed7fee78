# SPDX-License-Identifier: GPL-2.0-only
"""A small project built with the real Sphinx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

SOURCE = """\
/**
 * DOC: Overview
 *
 * About kettles, see kettle_fill().
 */

/**
 * kettle_fill() - fill &struct kettle
 * @k: the kettle
 *
 * Return: 0
 */
int kettle_fill(struct kettle *k)
{
}
EXPORT_SYMBOL(kettle_fill);

/**
 * kettle_hide() - not exported
 */
void kettle_hide(void)
{
}

/**
 * struct kettle - holds water
 * @level: litres
 */
struct kettle {
	int level;
};
"""
PAGES = {
    "doc": ".. kernel-doc:: kettle.c\n   :doc: Overview\n",
    "export": ".. kernel-doc:: kettle.c\n   :export:\n",
    "internal": ".. kernel-doc:: kettle.c\n   :internal: *.c\n",
    "functions": ".. kernel-doc:: kettle.c\n   :functions: kettle_hide\n",
    "identifiers": ".. kernel-doc:: kettle.c\n   :identifiers:\n   :no-identifiers: kettle_hide\n",
    "all": ".. kernel-doc:: kettle.c\n",
}
SHOWN = {
    "doc": {"About kettles"},
    "export": {'id="c.kettle_fill"'},
    "internal": {'id="c.kettle_hide"', 'id="c.kettle"'},
    "functions": {'id="c.kettle_hide"'},
    "identifiers": {'id="c.kettle_fill"', 'id="c.kettle"'},
    "all": {
        "About kettles",
        'id="c.kettle_fill"',
        'id="c.kettle_hide"',
        'id="c.kettle"',
    },
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("project")
    source = where / "source"
    source.mkdir()
    (source / "kettle.c").write_text(SOURCE)
    (source / "conf.py").write_text(
        'project = "kettles"\nextensions = ["reviewtool.sphinx"]\nkerneldoc_srctree = "."\n'
    )
    for name, text in PAGES.items():
        orphan = "" if name == "all" else ":orphan:\n\n"
        (source / f"{name}.rst").write_text(f"{orphan}{name}\n{'=' * len(name)}\n\n{text}")
    index = "index\n=====\n\n.. toctree::\n\n   all\n   absent\n"
    (source / "index.rst").write_text(index)
    (source / "absent.rst").write_text("absent\n======\n\n.. kernel-doc:: absent.c\n")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(where / "html")],
        capture_output=True,
        text=True,
        check=True,
    )
    (where / "said").write_text(done.stderr)
    return where


@pytest.mark.parametrize("name", PAGES)
def test_option_includes_what_it_asks_for(built: Path, name: str) -> None:
    page = (built / "html" / f"{name}.html").read_text()
    assert {text for text in SHOWN["all"] if text in page} == SHOWN[name]


def test_missing_file_is_said_with_the_place_that_asks_for_it(built: Path) -> None:
    said = (built / "said").read_text()
    assert "absent.rst:4: WARNING: kernel-doc: " in said
    assert "absent.c: No such file or directory" in said


def test_names_are_linked(built: Path) -> None:
    assert 'href="#c.kettle"' in (built / "html" / "all.html").read_text()
