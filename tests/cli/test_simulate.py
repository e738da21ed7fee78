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
    assert lines[decisive + 1].strip() == "decided by access=protnone"
    assert lines[decisive + 2].endswith("return flags & FOLL_FORCE;")
    assert lines[decisive + 3].strip() == "decided by without FOLL_FORCE"
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
        (["walk_pte_range"], "cannot be run"),
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


BOTH = ("--both", str(SAMPLES / "follow-page-v1.mbox"))
PROTNONE = ("follow_page", "--set", "entry=present,protnone", "--set", "flags=FOLL_GET")


def test_both_versions_are_aligned_and_the_first_divergence_is_marked(kept: Path) -> None:
    done = run(kept, *PROTNONE, *BOTH)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    mark = lines.index("--- first divergence")
    body = lines[lines.index("") + 1 : mark]
    assert all(line.startswith("  ") for line in body)
    assert lines[mark + 1].startswith("- mm/gup.c:")
    assert "Outcome before: NULL" in lines
    assert "Outcome after: the page, a reference taken" in lines
    told = json.loads(run(kept, *PROTNONE, *BOTH, "--format", "json").stdout)
    assert told["before"]["outcome"]["ret"] == "null"
    assert told["after"]["outcome"]["ret"] == "page"
    first = told["rows"][told["first_divergence"]]
    assert None in first.values()
    for side in ("before", "after"):
        numbers = [row[side] for row in told["rows"] if row[side] is not None]
        assert numbers == list(range(len(told[side]["steps"])))


def test_one_side_and_one_patch_can_be_asked_for(kept: Path) -> None:
    series = str(SAMPLES / "follow-page-v1.mbox")
    before = json.loads(run(kept, *PROTNONE, "--before", series, "--format", "json").stdout)
    after = json.loads(run(kept, *PROTNONE, "--after", series, "--format", "json").stdout)
    assert (before["outcome"]["ret"], after["outcome"]["ret"]) == ("null", "page")
    same = run(kept, *PROTNONE, "--both", series, "--patch", "1")
    assert "Both versions run the same statements." in same.stdout
    assert "first divergence" not in same.stdout


def test_a_flag_that_only_one_version_has_is_passed_to_that_one(kept: Path) -> None:
    what = (
        "follow_page",
        "--set",
        "entry=present,protnone",
        "--set",
        "flags=FOLL_HONOR_NUMA_FAULT",
    )
    both = ("--both", str(SAMPLES / "honor-numa-fault.mbox"), "--format", "json")
    told = json.loads(run(kept, *what, *both).stdout)
    assert told["before"]["scenario"]["flags"] == []
    assert told["after"]["scenario"]["flags"] == ["FOLL_HONOR_NUMA_FAULT"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--patch", "1"], "--patch needs --before, --after or --both"),
        (["--before", "a", "--after", "b"], "Only one of --before, --after and --both"),
        (["--both", "/nonexistent.mbox"], "/nonexistent.mbox"),
        (["--both", str(SAMPLES / "lock-leak.patch"), "--patch", "7"], "there is no patch 7"),
        (["--both", str(SAMPLES / "does-not-apply.patch")], "does not apply"),
        (["--after", str(SAMPLES / "does-not-compile.patch")], "mm/gup.c:"),
    ],
)
def test_a_patch_that_cannot_be_run_is_one_line_and_status_2(
    kept: Path, arguments: list[str], said: str
) -> None:
    done = run(kept, "follow_page", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_decider_is_what_changes_the_way_when_it_alone_changes(kept: Path) -> None:
    told = json.loads(run(kept, *PROTNONE, "--format", "json").stdout)
    steps = [(step["path"], step["line"]) for step in told["steps"]]
    for number, step in enumerate(told["steps"]):
        for said in step["decided_by"]:
            if said != "without FOLL_FORCE":
                continue
            other = json.loads(
                run(kept, *PROTNONE[:-1], "flags=FOLL_GET,FOLL_FORCE", "--format", "json").stdout
            )
            way = [(one["path"], one["line"]) for one in other["steps"]]
            assert way[: number + 1] == steps[: number + 1]
            assert way[number + 1] != steps[number + 1]


def test_columns_fit_the_terminal_and_show_every_statement() -> None:
    from reviewtool.report.sides import align, render_rows  # noqa: PLC0415
    from reviewtool.simulate.trace import Step  # noqa: PLC0415

    before = [Step("mm/a.c", n, f"statement({n}); /* {'long ' * 9}*/", ()) for n in range(1, 5)]
    after = [*before[:2], Step("mm/a.c", 9, "\x1b[2J other();", ()), before[3]]
    rows = align(before, after)
    cells = [
        [(f"{s.path}:{s.line}  {s.text}", "decided by access=ro") for s in side]
        for side in (before, after)
    ]
    for width in (40, 72, 100):
        lines = list(render_rows(cells[0], cells[1], rows, width))
        assert max(map(len, lines)) <= width
        assert sum("first divergence" in line for line in lines) == 1
        assert "\x1b" not in "".join(lines)
    left = "".join(line[:48] for line in render_rows(cells[0], cells[1], rows, 100))
    assert all(f"statement({n})" in left for n in range(1, 5))
