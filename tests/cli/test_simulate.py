# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool simulate`: one scenario, step by step."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reviewtool.errors import InputError
from reviewtool.simulate.domain import FACTORS
from reviewtool.simulate.trace import choose_state, read_settings, settings_of
from reviewtool.tree.snapshot import MODEL_ROOT, bundled_model
from reviewtool.tree.source import index_sources

SAMPLES = Path(__file__).parents[2] / "sample_patches"
INDEX = index_sources(bundled_model())
FACTOR_NAMES = frozenset(factor.name for factor in FACTORS if not factor.readers)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(kept: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from reviewtool.cli import main; main()", "simulate"]
    return subprocess.run(
        [*program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"XDG_CACHE_HOME": str(kept), "PATH": "/usr/bin:/bin"},
    )


def test_protnone_is_told_step_by_step(kept: Path) -> None:
    done = run(kept, "follow_page", "--set", "entry=present,protnone", "--set", "flags=FOLL_GET")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "is PROT_NONE" in " ".join(" ".join(lines[:2]).split())
    decisive = next(n for n, line in enumerate(lines) if "gup_can_follow_protnone(flags)" in line)
    path, number = lines[decisive].split("  ")[0].split(":")
    text = bundled_model().read(path)
    assert text is not None
    assert text.split("\n")[int(number) - 1].strip() == lines[decisive].split("  ", 1)[1]
    assert lines[decisive + 1].endswith("return flags & FOLL_FORCE;")
    assert "    spinlock taken: 1" in lines
    assert "Outcome: NULL" in lines
    assert "not a test on a kernel" in lines[-1]


def test_two_runs_say_the_same_and_json_says_what_text_says(kept: Path) -> None:
    what = ("follow_page", "--set", "entry=present,ro", "--set", "flags=GET|TOUCH")
    first, second = run(kept, *what).stdout, run(kept, *what).stdout
    assert first == second
    told = json.loads(run(kept, *what, "--format", "json").stdout)
    for step in told["steps"]:
        assert f"{step['path']}:{step['line']}  {step['text']}" in first
    assert told["outcome"]["ret"] == "page"
    assert told["outcome"]["refs"] == 1
    assert told["scenario"]["flags"] == ["FOLL_GET", "FOLL_TOUCH"]
    assert told["scenario"]["settings"]["access"] == "ro"
    assert f"Outcome: {told['outcome']['words']}" in " ".join(first.split())


def test_the_options_that_a_witness_gives_run_that_scenario(kept: Path) -> None:
    what = (
        "follow_page",
        "--set",
        "level=pmd",
        "--set",
        "entry=zero,protnone",
        "--set",
        "flags=FORCE,SPLIT_PMD",
    )
    told = json.loads(run(kept, *what, "--format", "json").stdout)
    again = json.loads(
        run(kept, "follow_page", *told["scenario"]["options"].split(), "--format", "json").stdout
    )
    assert again == told
    assert told["outcome"]["ret"] == "zero_page"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["follow_page", "--set", "entry=foo"], "entry is one of present, none, zero"),
        (["follow_page", "--set", "colour=red"], "factors: flags, level, entry"),
        (["follow_page", "--set", "entry"], "FACTOR=VALUE"),
        (["follow_page", "--set", "entry=present,blue"], "no factor has a value 'blue'"),
        (["follow_page", "--set", "flags=FOLL_X"], "no flag FOLL_X; flags: FOLL_ANON"),
        (["follow_page", "--set", "entry=zero,rw"], "the zero page is never mapped R/W"),
        (["follow_page", "--set", "access=ro", "--set", "access=rw"], "access is ro already"),
        (
            ["follow_page", "--set", "vma=anon", "--set", "page=file"],
            "file pages are in file mappings",
        ),
        (["vm_normal_page", "--set", "flags=FOLL_GET"], "takes no flags"),
        (["no_such_function"], "the tree has no such function"),
        (["smaps_account"], "cannot be run"),
        (["follow_page", "--tree", "/nonexistent"], "/nonexistent"),
        (["follow_page", "--set", "entry=\x1b[2J"], "entry is one of"),
        ([], "ENTRY"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_status_2(
    kept: Path, arguments: list[str], said: str
) -> None:
    done = run(kept, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_list_shows_every_factor_value_and_flag(kept: Path) -> None:
    text = run(kept, "--list").stdout
    listed = json.loads(run(kept, "--list", "--format", "json").stdout)
    for factor in listed["factors"]:
        for value in factor["values"]:
            assert value["words"] in text
    assert {factor["name"] for factor in listed["factors"]} == {f.name for f in FACTORS} - {"also"}
    assert "FOLL_GET" in listed["flags"]


@pytest.mark.parametrize(
    ("sample", "options", "outcome"),
    [
        ("null-deref.patch", ["--set", "entry=zero,ro", "--set", "prot=r", "--set", "flags=WRITE,FORCE"],
         "a null pointer dereference"),
        ("endless-retry.patch", ["--set", "entry=device_private"], "no end (step bound reached)"),
        ("lock-leak.patch", ["--set", "refcount=zero"], "the page table lock left held"),
    ],
)  # fmt: skip
def test_a_run_that_ends_badly_is_told_to_its_end(
    kept: Path, tmp_path: Path, sample: str, options: list[str], outcome: str
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(MODEL_ROOT, tree)
    subprocess.run(
        ["git", "apply", str(SAMPLES / sample)],
        cwd=tree,
        check=True,
        env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path)},
    )
    done = run(kept, "follow_page", "--tree", str(tree), *options)
    assert done.returncode == 0
    assert outcome in " ".join(done.stdout.split())


def test_a_tree_that_does_not_compile_is_told_with_its_line(kept: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(MODEL_ROOT, tree)
    source = tree / "mm/gup.c"
    source.write_text(source.read_text() + "\nint broken(void)\n{\n\treturn nothing;\n}\n")
    done = run(kept, "follow_page", "--tree", str(tree))
    assert done.returncode == 2
    line = source.read_text().count("\n") - 1
    assert f"mm/gup.c:{line}: use of undeclared identifier 'nothing'" in done.stderr


def test_words_after_the_first_set_the_factor_of_the_same_thing() -> None:
    def values(*options: str) -> dict[str, str]:
        return dict(read_settings(options, INDEX).values)

    assert values("entry=present,protnone,dirty,old") == {
        "entry": "present",
        "access": "protnone",
        "dirty": "yes",
        "young": "no",
    }
    assert values("entry=present,rw") == {"entry": "present", "access": "rw"}
    assert values("vma=anon,rw") == {"vma": "anon", "prot": "rw"}
    assert values("page=ksm,dirty")["dirty"] == "yes"
    with pytest.raises(InputError, match="could be"):
        values("level=pte,none")


def test_what_is_not_set_is_as_plain_as_validity_lets_it_be() -> None:
    settings = read_settings(["page=file"], INDEX)
    chosen = settings_of(choose_state(settings, FACTOR_NAMES))
    assert chosen["vma"] == "shared_file"
    assert chosen["access"] == "rw"
    assert chosen["level"] == "pte"
    hugetlb = settings_of(choose_state(read_settings(["level=hugetlb"], INDEX), FACTOR_NAMES))
    assert hugetlb["vma"] == "hugetlb"
