# SPDX-License-Identifier: GPL-2.0-only
"""The page in a real browser: what it shows, what a keyboard reaches, what a stranger's text cannot do."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewtool.behaviour.grid import EntryMap
from reviewtool.mail.inputs import InputSource
from reviewtool.picture import PatchPicture
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.map import Column, count_cells, draw_tiles, rows_of
from reviewtool.report.page import render_page
from reviewtool.review import PatchReview, Review
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import Cache
from reviewtool.tree.snapshot import bundled_model

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

MOST_BYTES = 3 << 20
PATCH = 1  # 2/4, which changes follow_page()


def patch_and_map(review: Review) -> tuple[PatchReview, EntryMap]:
    patch = review.patches[PATCH]
    assert patch.picture is not None
    return patch, next(drawn for drawn in patch.picture.maps if drawn.entry == "follow_page")


def show(browser: Chrome, path: Path, review: Review) -> None:
    path.write_text(render_page(review), "utf-8", errors="replace")
    open_page(browser, path)


def open_page(browser: Chrome, path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415

    browser.get(path.as_uri())
    ready = (
        "return document.documentElement.dataset.ready || document.querySelector('.waits') === null"
    )
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(ready))


@pytest.fixture
def page(browser: Chrome, pages: Path, pictured: Review) -> Iterator[Chrome]:
    """Give the browser with the sample series' page, as just opened, on a desktop."""
    path = pages / "series.html"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    if path.is_file():
        open_page(browser, path)
    else:
        show(browser, path, pictured)
    yield browser
    assert console(browser) == []


def console(page: Chrome) -> list[str]:
    """Return what the browser found wrong since it was last asked."""
    entries = page.get_log("browser")  # type: ignore[no-untyped-call]
    return [str(entry["message"]) for entry in entries if entry["level"] == "SEVERE"]


def the_map(page: Chrome) -> WebElement:
    return page.find_element("css selector", f'section.map[data-patch="{PATCH}"]')


def choose(section: WebElement, label: str, value: str) -> None:
    from selenium.webdriver.support.ui import Select  # noqa: PLC0415

    Select(section.find_element("css selector", f'select[data-control="{label}"]')).select_by_value(
        value
    )


def letters(page: Chrome, panel: str) -> list[list[str]]:
    script = """
        const found = [];
        for (const cell of arguments[0].querySelectorAll(`td[data-panel="${arguments[1]}"]`))
            (found[Number(cell.dataset.row)] ||= [])[Number(cell.dataset.column)] = cell.textContent;
        return found;
    """
    made: list[list[str]] = page.execute_script(script, the_map(page), panel)
    return made


def cell(page: Chrome, label: str, column: int, panel: str) -> WebElement:
    for row in the_map(page).find_elements("css selector", "tbody tr"):
        if row.find_element("tag name", "th").text == label:
            return row.find_element("css selector", f'td[data-column="{column}"][data-panel="{panel}"]')  # fmt: skip
    raise AssertionError(label)


def test_the_page_is_one_small_file_that_loads_nothing(page: Chrome, pages: Path) -> None:
    text = (pages / "series.html").read_text()
    assert len(text.encode()) < MOST_BYTES
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert not re.search(r"""(?:src|href)=["'](?!#)|@import|url\(""", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_the_grid_shows_what_was_added_up_from_the_sweep(page: Chrome, pictured: Review) -> None:
    drawing = draw_tiles(*patch_and_map(pictured))
    assert len(drawing.rows) > 12
    assert len(drawing.columns) == 8
    for panel in drawing.panels:
        expected = [[tile.letters if tile else "" for tile in line] for line in panel.tiles]
        assert letters(page, panel.title) == expected


def test_the_filters_filter_as_the_sweep_does(page: Chrome, pictured: Review) -> None:
    _, drawn = patch_and_map(pictured)
    section = the_map(page)
    chosen = {}
    for name, label, value in (("level", "level", "pmd"), ("vma", "VMA", "anon"), ("page", "page", "anon_shared")):  # fmt: skip
        axis = next(axis for axis in drawn.axes if axis.name == name)
        chosen[name] = [known for known, _ in axis.values].index(value)
        choose(section, label, str(chosen[name]))
    ways = dict.fromkeys(drawn.flags, "off") | {"FOLL_DUMP": "column", "FOLL_GET": "any", "FOLL_TOUCH": "on"}  # fmt: skip
    for flag, way in ways.items():
        if flag not in drawn.idle:
            choose(section, flag.removeprefix("FOLL_"), way)
    settled = {bit: int(ways[flag] == "on") for bit, flag in enumerate(drawn.flags) if ways[flag] in ("on", "off")}  # fmt: skip
    dump = drawn.flags.index("FOLL_DUMP")
    columns = tuple(Column((*settled.items(), (dump, on)), ()) for on in (0, 1))
    rows = rows_of(drawn)
    cells = count_cells(drawn, rows, columns, chosen)
    met = [(row, line) for row, line in zip(rows, cells, strict=True) if any(line)]
    assert 0 < len(met) < len(rows)
    heads = section.find_elements("css selector", "tbody th")
    assert [head.text for head in heads] == [row.label for row, _ in met]
    in_view = sum(count for _, line in met for counts in line for count in counts.values())
    assert f"{in_view:,} of" in section.find_element("css selector", ".status").text
    after = [
        max(
            {
                drawn.outcomes[drawn.pairs[pair].after].result: 0 for pair in counts
            },
            key=lambda result: sum(
                count for pair, count in counts.items() if drawn.outcomes[drawn.pairs[pair].after].result == result
            ),
        )
        for _, line in met
        for counts in line
    ]  # fmt: skip
    shown = [one.removesuffix("+") for line in letters(page, "after") for one in line]
    assert shown == [drawn.results[result].letters for result in after]


def test_a_click_on_a_cell_opens_its_witness_with_the_statements_of_both_versions(
    page: Chrome,
) -> None:
    cell(page, "present PROT_NONE", 0, "changed").click()
    detail = the_map(page).find_element("css selector", "section.detail")
    first = detail.find_element("css selector", ".pairs button[aria-pressed=true]")
    assert "NULL → the page" in first.text
    command = shlex.split(detail.find_element("css selector", ".command").text)
    assert command[:3] == ["reviewtool", "simulate", "follow_page"]
    assert "access=protnone" in command
    ran = {
        kind: [line.text for line in detail.find_elements("css selector", f".paths li.{kind}")]
        for kind in ("add", "del")
    }
    assert any("FOLL_FORCE" in line for line in ran["add"])
    assert any("pte_protnone" in line or "NULL" in line for line in ran["del"])


def test_every_outcome_of_a_cell_can_be_opened(page: Chrome) -> None:
    cell(page, "present PROT_NONE", 0, "after").click()
    detail = the_map(page).find_element("css selector", "section.detail")
    buttons = detail.find_elements("css selector", ".pairs button")
    assert len(buttons) > 2
    for button in buttons:
        button.click()
        told = [one.text for one in detail.find_elements("css selector", "dd")]
        assert button.text.splitlines()[1].split(" → ")[0] == told[0]


def test_the_keyboard_alone_reaches_and_opens_every_cell(page: Chrome) -> None:
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415

    section = the_map(page)
    grid = section.find_element("css selector", "table[role=grid]")
    page.execute_script("arguments[0].querySelector('input[type=checkbox]').focus()", section)
    for _ in range(30):
        page.switch_to.active_element.send_keys(Keys.TAB)
        if page.execute_script(
            "return arguments[0].contains(document.activeElement) && document.activeElement.matches('td')", grid
        ):  # fmt: skip
            break
    else:
        pytest.fail("Tab does not reach the grid")

    def where() -> tuple[str | None, str | None, str | None]:
        at = page.switch_to.active_element
        return at.get_attribute("data-row"), at.get_attribute("data-column"), at.get_attribute("data-panel")  # fmt: skip

    assert where() == ("0", "0", "before")
    for key, expected in (
        (Keys.ARROW_RIGHT, ("0", "1", "before")), (Keys.ARROW_DOWN, ("1", "1", "before")),
        (Keys.END, ("1", "7", "changed")), (Keys.ARROW_RIGHT, ("1", "7", "changed")),
        (Keys.HOME, ("1", "0", "before")), (Keys.ARROW_DOWN, ("2", "0", "before")),
    ):  # fmt: skip
        page.switch_to.active_element.send_keys(key)
        assert where() == expected
        assert len(grid.find_elements("css selector", "[tabindex='0']")) == 1
    outline = page.switch_to.active_element.value_of_css_property("outline-style")
    assert outline == "solid"
    detail = section.find_element("css selector", "section.detail")
    assert not detail.is_displayed()
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert detail.is_displayed()
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.execute_script("return arguments[0].contains(document.activeElement)", detail)
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert where() == ("2", "0", "before")


def test_a_change_of_the_entry_function_draws_its_map(page: Chrome, pictured: Review) -> None:
    section = the_map(page)
    picture = pictured.patches[PATCH].picture
    assert picture
    at = [drawn.entry for drawn in picture.maps].index("get_mergeable_page")
    choose(section, "entry function", str(at))
    grid = section.find_element("css selector", "table[role=grid]")
    assert grid.get_attribute("aria-label") == "behaviour map of get_mergeable_page()"
    assert section.find_elements("css selector", "fieldset.flags") == []


def test_paper_says_what_was_chosen(page: Chrome) -> None:
    choose(the_map(page), "level", "0")
    choose(the_map(page), "DUMP", "on")
    said = the_map(page).find_element("css selector", ".printed")
    assert not said.is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert said.text.startswith("follow_page(); level: pte; not passed: FOLL_GET")
    assert "; passed: FOLL_DUMP" in said.text
    assert not the_map(page).find_element("css selector", ".controls").is_displayed()


def test_only_rows_that_change_are_left_when_asked(page: Chrome) -> None:
    section = the_map(page)
    before = len(section.find_elements("css selector", "tbody tr"))
    choose(section, "FORCE", "off")
    section.find_element("css selector", 'input[data-control="only"]').click()
    heads = [head.text for head in section.find_elements("css selector", "tbody th")]
    assert 0 < len(heads) < before
    assert all("PROT_NONE" in head for head in heads)


def test_lines_of_the_diff_say_how_often_they_ran(page: Chrome, pictured: Review) -> None:
    counts = {line.line: line.runs for line in pictured.patches[PATCH].lines if line.path == "mm/gup.c"}  # fmt: skip
    article = page.find_element("css selector", f"#patch-{PATCH}")
    shown = {}
    for added in article.find_elements("css selector", ".diff tr.add"):
        runs, _, new, _ = added.find_elements("css selector", "td")
        if runs.text:
            shown[int(new.text)] = (runs.text, "r0" in (runs.get_attribute("class") or ""))
    assert shown.keys() == counts.keys()
    for line, (text, never) in shown.items():
        assert (text == "0") == never == (counts[line] == 0)
    assert article.find_elements("css selector", ".diff tr.note")


def test_a_script_that_is_not_the_page_s_own_does_not_run(page: Chrome) -> None:
    page.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.intruder = 1'; document.body.append(s);"
    )
    assert page.execute_script("return window.intruder === undefined")
    assert any("Content Security Policy" in message for message in console(page))


EVIL = "</title></script><script>window.intruder=1</script><img src=x onerror=window.intruder=1>{{7*7}}\x1b[31m\u202e"


def test_a_hostile_subject_path_and_message_stay_text(browser: Chrome, pages: Path) -> None:
    path = "Documentation/<img src=x onerror=window.intruder=1>.txt"
    mail = (
        f"From: \"<script>window.intruder=1</script>\" <a@example.org>\nSubject: [PATCH] {EVIL}\n"
        f"Message-Id: <1@example.org>\n\n</pre>{EVIL}\n'\"><svg onload=window.intruder=1>\n---\n"
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1,1 @@ </td><b>{EVIL}\n+<td><u>{EVIL}\n"
    )  # fmt: skip
    source = "<b>evil</b>.eml"
    series = read_series([InputSource(source, data=mail.replace("\x1b", "").replace("\u202e", "").encode())])  # fmt: skip
    review, _ = review_series(series, bundled_model(), Settings(pictures=True), Cache(None))
    show(browser, pages / "hostile.html", review)
    assert EVIL[:60] in browser.find_element("css selector", "h1").text
    assert path in browser.find_element("css selector", "main").text
    browser.execute_script(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    assert "svg onload" in browser.find_element("css selector", ".log pre").text
    assert source in browser.find_element("css selector", ".from").text
    assert_no_intruder(browser)


def test_hostile_code_in_a_map_stays_text(browser: Chrome, pages: Path, pictured: Review) -> None:
    patch = pictured.patches[PATCH]
    assert patch.picture
    picture = replace(
        patch.picture, log=(EVIL,),
        lines_after=tuple(replace(line, text=f"{EVIL}{line.text}") for line in patch.picture.lines_after),
    )  # fmt: skip
    hostile = replace(
        patch, subject=EVIL, picture=picture, label=EVIL, author=EVIL, verdict_why=EVIL, undriven=((EVIL, EVIL),),
        findings=tuple(replace(finding, title=EVIL, details=(EVIL,)) for finding in patch.findings),
        claims=tuple(replace(claim, sentence=EVIL, why=EVIL) for claim in patch.claims),
    )  # fmt: skip
    review = replace(pictured, title=EVIL, source=EVIL, diagnostics=(EVIL,), patches=(pictured.patches[0], hostile))  # fmt: skip
    show(browser, pages / "hostile-map.html", review)
    text = (pages / "hostile-map.html").read_text()
    assert "\x1b" not in text
    assert "\u202e" not in text
    cell(browser, "present PROT_NONE", 0, "changed").click()
    detail = the_map(browser).find_element("css selector", "section.detail")
    assert "window.intruder=1" in detail.text
    assert_no_intruder(browser)


def assert_no_intruder(browser: Chrome) -> None:
    assert browser.execute_script("return window.intruder === undefined")
    assert browser.find_elements("css selector", "img, svg, u, b, iframe, object, [onerror], [onload]") == []  # fmt: skip
    assert len(browser.find_elements("tag name", "script")) == 2
    assert console(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(page: Chrome, scheme: str) -> None:
    axe = os.environ.get("REVIEWTOOL_AXE")
    if not axe:
        pytest.skip("REVIEWTOOL_AXE does not name axe.min.js of npm's axe-core")
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    cell(page, "present PROT_NONE", 0, "changed").click()
    page.execute_script(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    page.execute_script(Path(axe).read_text())
    page.set_script_timeout(120)
    faults = page.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((found) => done("
        "found.violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))])));"
    )
    assert faults == []


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Chrome, pages: Path) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    open_page(page, pages / "series.html")
    assert the_map(page).find_element("css selector", 'select[data-control="show"]').get_attribute("value") == "changed"  # fmt: skip
    cell(page, "present PROT_NONE", 0, "changed").click()
    page.execute_script(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390


def test_without_the_map_the_page_still_says_what_changes(pictured: Review) -> None:
    bare = replace(
        pictured,
        patches=tuple(replace(patch, picture=PatchPicture((), ())) for patch in pictured.patches),
    )
    text = render_page(bare)
    assert 'section class="map"' not in text
    assert "follow_page() changes in" in text
