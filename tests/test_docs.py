# SPDX-License-Identifier: GPL-2.0-only
"""What the documentation tells readers to type is there, and does what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reviewtool.cli import group
from reviewtool.mail.inputs import InputSource
from reviewtool.series.read import read_series
from reviewtool.tree.snapshot import MODEL_ROOT

TOP = Path(__file__).parents[1]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
CONTEXT = click.Context(group)
MAIL = """\
From ann@example.org Thu Jan  1 00:00:00 2026
From: Ann Example <ann@example.org>
Message-ID: <{n}.aa@example.org>
{reference}Subject: [PATCH {n}/2] notes: say more
Date: Thu, 1 Jan 2026 00:00:0{n} +0000

---
diff --git a/n{n} b/n{n}
--- a/n{n}
+++ b/n{n}
@@ -1 +1,2 @@
 one
+two

"""


def fences(page: Path) -> list[tuple[str, str]]:
    """Return the language and the text of each fenced block of PAGE."""
    return re.findall(r"(?ms)^```(\w*)\n(.*?)^```", page.read_text())


def calls(page: Path) -> list[list[str]]:
    """Return each call of ours that PAGE shows in a block, as words."""
    found = []
    for language, text in fences(page):
        if language not in {"sh", "yaml", "ini", "text", ""}:
            continue
        for line in re.sub(r"\\\n|\n {10,}", " ", text).splitlines():
            for match in re.finditer(r"\breviewtool ([a-z][^|;&<>\n]*)", line.split("  #")[0]):
                words = re.findall(r"[^\s\"'}]+", match[1])
                found.append([word for word in words if word])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_call_shown_has_a_command_and_options_that_there_are(page: Path) -> None:
    wrong = []
    for words in calls(page):
        command = group.get_command(CONTEXT, words[0])
        if command is None:
            wrong.append(words)
            continue
        known = {
            name for option in command.params for name in (*option.opts, *option.secondary_opts)
        }
        wrong += [
            [words[0], word]
            for word in words[1:]
            if re.match(r"--[a-z]|-[a-z]$", word) and word.strip("[]").split("=")[0] not in known | {"--help"}
        ]  # fmt: skip
    assert not wrong


def test_readers_are_shown_calls_at_all() -> None:
    assert sum(len(calls(page)) for page in PAGES) > 25


def test_pages_have_no_links_that_lead_nowhere() -> None:
    missing = [
        (page.name, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not missing


def test_sphinx_builds_the_documentation_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("myst_parser")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-b",
        "html",
        "-d",
        str(tmp_path / "doctrees"),
    ]
    result = subprocess.run(
        [*command, str(TOP / "docs"), str(tmp_path / "html")],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(TOP)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "html/commands.html").read_text()
    assert all(f">reviewtool {name}<" in page for name in group.list_commands(CONTEXT))


def test_the_recipes_for_forges_are_yaml_that_calls_us() -> None:
    yaml = pytest.importorskip("yaml")
    blocks = [text for language, text in fences(TOP / "docs/recipes.md") if language == "yaml"]
    assert len(blocks) == 2
    for block in blocks:
        assert "reviewtool review --tree . --fail-on contradiction" in str(yaml.safe_load(block))


def test_the_alias_of_git_reviews_what_the_branch_adds(tmp_path: Path) -> None:
    recipe = next(
        text for language, text in fences(TOP / "docs/recipes.md") if "alias.semantics" in text
    )
    line = recipe.splitlines()[0]
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        "HOME": str(tmp_path), "PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONPATH": str(TOP),
        "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.org", "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    tree = tmp_path / "tree"
    shutil.copytree(MODEL_ROOT, tree)
    script = (
        f"set -e\n{line}\ngit init -q -b main .\necho one >n\ngit add .\ngit commit -qm first\n"
        "git checkout -q -b topic\necho two >>n\ngit commit -qam 'notes: say more'\ngit semantics main..topic\n"
    )
    result = subprocess.run(
        ["sh", "-c", script], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "notes: say more" in result.stdout


@pytest.mark.skipif(
    not (shutil.which("mutt") and shutil.which("script")), reason="mutt or script is not installed"
)
def test_the_macros_of_mutt_hand_over_the_thread_as_an_mbox(tmp_path: Path) -> None:
    recipe = next(text for _, text in fences(TOP / "docs/recipes.md") if "pipe_decode" in text)
    (tmp_path / "muttrc").write_text(
        f"set wait_key = no\nset folder = {shlex.quote(str(tmp_path))}\n{recipe}"
    )
    reference = "In-Reply-To: <1.aa@example.org>\n"
    (tmp_path / "mbox").write_text(
        MAIL.format(n=1, reference="") + MAIL.format(n=2, reference=reference)
    )
    program = tmp_path / "bin/reviewtool"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/words\ncat >{tmp_path}/mail.$#.$(ls {tmp_path} | wc -l)\n'
    )
    program.chmod(0o755)
    (program.parent / "less").symlink_to("/bin/cat")
    environment = {
        "HOME": str(tmp_path),
        "TERM": "xterm",
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    mutt = f"mutt -n -F {tmp_path}/muttrc -f {tmp_path}/mbox -e 'push R<Esc>R<exit>'"
    subprocess.run(
        ["script", "-qec", mutt, "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True,
        env=environment, timeout=30, check=False,
    )  # fmt: skip
    assert (tmp_path / "words").read_text().splitlines() == ["review --quiet -"] * 2
    mails = sorted(tmp_path.glob("mail.*"), key=lambda path: path.stat().st_mtime_ns)
    numbers = [
        [patch.number for patch in read_series([InputSource(str(path), path)]).patches]
        for path in mails
    ]
    assert numbers == [[1], [1, 2]]
