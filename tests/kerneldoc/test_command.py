# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool kerneldoc`, on real files and a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewtool.cli.kerneldoc import kerneldoc

CASES = Path(__file__).parent / "cases"
OLD = "/**\n * f - p\n * @gone: x\n */\nint f(int a)\n{\n\treturn a;\n}\n"
NEW = "\n\n" + OLD + "/**\n * g - p\n */\nvoid g(int b)\n{\n}\n"


def run(*words: str) -> Result:
    return CliRunner().invoke(kerneldoc, list(words), catch_exceptions=False)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a file that changed since the last commit, in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    path = tmp_path / "x.c"
    path.write_text(OLD)
    who = ("-c", "user.name=n", "-c", "user.email=e@example.invalid")
    for words in (("init", "-q"), ("add", "x.c"), (*who, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    path.write_text(NEW)
    return path


@pytest.mark.parametrize("form", ["rst", "man"])
def test_output_is_that_of_the_program(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1704067200")
    done = run(f"--{form}", str(CASES / "bytes.c"))
    assert done.stdout_bytes == (CASES / f"bytes.{form}").read_bytes()


def test_several_processes_and_the_cache_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plain = run(str(CASES))
    for words in (("-j", "2"), ("--cache",), ("--cache",), ("--cache", "-j", "2")):
        done = run(*words, str(CASES))
        assert (done.stdout_bytes, done.stderr) == (plain.stdout_bytes, plain.stderr)
    assert (tmp_path / "reviewtool" / "kerneldoc.sqlite").stat().st_size > 0


def test_check_lists_everything_and_since_only_what_is_new(source: Path) -> None:
    everything = run("--check", source.name)
    assert everything.exit_code == 1
    assert "x.c:8: warning: Excess function parameter 'gone'" in everything.stdout
    new = run("--check", "--since", "HEAD", source.name)
    assert new.exit_code == 1
    assert new.stdout == (
        "x.c:15: warning: Function parameter or struct member 'b' not described in 'g'"
        " [KD001 missing-parameter]\n"
    )
    off = run("--check", "--since", "HEAD", "--disable", "missing-parameter", source.name)
    assert (off.exit_code, off.stdout) == (0, "")


def test_since_says_what_is_gone(source: Path) -> None:
    source.write_text(OLD.replace(" * @gone: x\n", ""))
    done = run("--check", "--since", "HEAD", source.name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "gone since HEAD: 1\n"
        "  was x.c:6: warning: Excess function parameter 'gone' description in 'f'"
        " [KD002 excess-parameter]\n"
    )


def test_since_treats_a_file_that_was_not_there_as_all_new(source: Path) -> None:
    other = source.with_name("y.c")
    other.write_text(OLD)
    assert "KD002" in run("--check", "--since", "HEAD", "y.c").stdout


def test_reports_are_json_and_sarif(source: Path) -> None:
    plain = json.loads(run("--check", "--report", "json", source.name).stdout)
    rules = [one["rule"] for one in plain["diagnostics"]]
    sarif = json.loads(run("--check", "--report", "sarif", source.name).stdout)
    assert sarif["version"] == "2.1.0"
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == rules
    lines = [
        one["locations"][0]["physicalLocation"]["region"]["startLine"]
        for one in sarif["runs"][0]["results"]
    ]
    assert lines == [one["line"] for one in plain["diagnostics"]]


def test_json_has_blocks_in_utf_8() -> None:
    done = run("--json", str(CASES / "bytes.c"))
    (file,) = json.loads(done.stdout)["files"]
    texts = [one["description"] for block in file["blocks"] for one in block["parameters"]]
    assert any("no-break" in (text or "") for text in texts)


def test_draft_prints_and_in_place_inserts(source: Path) -> None:
    source.write_text("int f(int a)\n{\n\treturn a;\n}\n")
    printed = run("--draft", "--function", "f", source.name).stdout
    assert printed.startswith("/**\n * f() - ")
    assert run("--draft", "--in-place", source.name).exit_code == 0
    assert source.read_text() == printed + "int f(int a)\n{\n\treturn a;\n}\n"


def test_project_table_strips_macros_and_disables_rules(source: Path) -> None:
    source.write_text("/**\n * f - p\n * @a: x\n */\n__mine(1) void f(int b);\n")
    table = '[tool.reviewtool.kerneldoc]\nstrip-macros = ["__mine"]\ndisable = ["KD001"]\n'
    Path("pyproject.toml").write_text(table)
    done = run("--check", source.name)
    assert [line.split("[")[1] for line in done.stdout.splitlines()] == ["KD002 excess-parameter]"]


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    done = run("--html", str(CASES / "functions.c"), "-o", str(target), "-q")
    assert (done.exit_code, done.stdout) == (0, "")
    assert target.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("absent.c",), "absent.c: there is no such file"),
        (("x.c", "--function", "nobody"), "x.c: has no kernel-doc for nobody"),
        (("--check", "--since", "nowhere", "x.c"), "x.c: its repository has no revision 'nowhere'"),
        (("--check", "--since=--output=x", "x.c"), "--output=x: is no revision"),
        (("--check", "--disable", "KD999", "x.c"), "--disable: there is no rule 'KD999'"),
        (("--since", "HEAD", "x.c"), "--since: is of use with --check only"),
        (("--draft", "--function", "nobody", "x.c"), "x.c: has no function nobody without comment"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    source: Path, words: tuple[str, ...], reason: str
) -> None:
    assert source.exists()
    done = run(*words)
    assert done.exit_code == 2
    assert done.stderr == f"reviewtool: {reason}\n"
    assert done.stdout == ""


def test_bad_table_names_its_line(source: Path) -> None:
    Path("pyproject.toml").write_text("[tool\n")
    done = run("--check", source.name)
    assert done.exit_code == 2
    assert done.stderr.startswith("reviewtool: pyproject.toml:1: ")


def test_odd_files_are_warnings_with_a_place(source: Path) -> None:
    source.write_bytes(b"\x00\xff not C at all")
    done = run(source.name)
    assert done.exit_code == 0
    assert done.stderr == "x.c:1: warning: no structured comments found [KD019 no-comments]\n"
    source.write_text("/**\n * f - x\n")
    assert "x.c:2: warning: the file ends inside this comment" in run(source.name).stderr


def test_control_characters_do_not_reach_the_terminal(source: Path) -> None:
    source.write_text("/**\n * f - p\n * @\x1b[2J: x\n */\nint \x1b[2J(;\n")
    assert "\x1b" not in run("--none", source.name).stderr


def test_draft_of_a_function_of_the_model_says_that_it_was_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = " ".join(run("--draft", "--function", "follow_page", "mm/gup.c").stdout.split())
    assert text.startswith("/** * follow_page() - ")
    assert "follows from running the code over" in text.replace("* ", "")
