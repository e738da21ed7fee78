# SPDX-License-Identifier: GPL-2.0-only
"""The sample patches are what git would make of the bundled model.

When the model changes, `--update-golden` writes their index lines anew.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reviewtool.tree.snapshot import MODEL_ROOT

SAMPLES = Path(__file__).parents[2] / "sample_patches"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".mbox", ".patch"))
GIT = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
FILE = re.compile(
    r"^diff --git a/(?P<path>\S+) b/\S+\n(?:new file mode \d+\n)?index (?P<ids>[0-9a-f]+\.\.[0-9a-f]+)",
    re.MULTILINE,
)


def git(tree: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=tree,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env=GIT | {"GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the model without the harness, as a repository."""
    made = tmp_path / "tree"
    shutil.copytree(MODEL_ROOT, made, ignore=shutil.ignore_patterns("harness"))
    git(made, "init", "-q")
    return made


def mails(text: str) -> list[str]:
    return re.split(r"^(?=From 0{40} )", text, flags=re.MULTILINE)[1:]


def blob(tree: Path, path: str) -> str:
    file = tree / path
    if file.is_symlink():
        done = git(tree, "hash-object", "--stdin", stdin=str(file.readlink()))
    elif file.is_file():
        done = git(tree, "hash-object", "--no-filters", path)
    else:
        return "0" * 12
    return done.stdout[:12]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "does-not-apply.patch"])
def test_a_sample_applies_in_order_and_names_the_blobs(
    tree: Path, name: str, request: pytest.FixtureRequest
) -> None:
    text = (SAMPLES / name).read_text()
    renewed = []
    for mail in mails(text):
        found = list(FILE.finditer(mail))
        before = {match["path"]: blob(tree, match["path"]) for match in found}
        if found:
            done = git(tree, "apply", "--whitespace=error-all", stdin=mail)
            assert not done.returncode, done.stderr
        new = mail
        for match in reversed(found):
            ids = f"{before[match['path']]}..{blob(tree, match['path'])}"
            new = new[: match.start("ids")] + ids + new[match.end("ids") :]
        renewed.append(new)
    if request.config.getoption("--update-golden"):
        (SAMPLES / name).write_text("".join(renewed))
    assert "".join(renewed) == (SAMPLES / name).read_text()


def test_the_one_that_must_not_apply_does_not(tree: Path) -> None:
    text = (SAMPLES / "does-not-apply.patch").read_text()
    done = git(tree, "apply", stdin=text)
    assert done.returncode
    assert "mm/gup.c" in done.stderr


def test_the_readme_says_what_each_shows() -> None:
    readme = (SAMPLES / "README.md").read_text()
    assert sorted(re.findall(r"^\| `([^`]+)` \|", readme, re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nobody_real_is_named(name: str) -> None:
    addresses = re.findall(r"[\w.+-]+@[\w.-]+\w", (SAMPLES / name).read_text())
    assert addresses
    assert all(address.endswith("example.org") for address in addresses)
