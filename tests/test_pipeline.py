# SPDX-License-Identifier: GPL-2.0-only
"""What the samples must give, on the real parts: git, clang, wasmtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.errors import InputError
from reviewtool.review import EntryReview, PatchReview, Review, Severity
from reviewtool.series.series import Series

Reviews = Callable[[str], tuple[Review, Series]]


def entry(patch: PatchReview, name: str) -> EntryReview:
    return next(e for e in patch.entries if e.name == name)


def findings(patch: PatchReview) -> set[str]:
    return {finding.id for finding in patch.findings}


def rules_to(found: EntryReview, after: str) -> str:
    return " / ".join(
        rule for change in found.changes if change.after == after for rule in change.rules
    )


def test_v1_makes_follow_page_find_prot_none_pages(review_sample: Reviews) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    changed = entry(review.patches[1], "follow_page")
    page = next(change for change in changed.changes if change.after == "the page")
    assert {words for words, _ in page.before} == {"NULL", "-EFAULT"}
    assert all(
        "PROT_NONE" in rule and "without" in rule and "FOLL_WRITE" in rule for rule in page.rules
    )
    assert any(
        effect.startswith("a reference taken: exactly with FOLL_GET") for effect in page.effects
    )


def test_v1_warns_callers_that_pass_foll_force(review_sample: Reviews) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    changed = entry(review.patches[1], "follow_page")
    refused = next(change for change in changed.changes if change.after == "NULL, WARN")
    assert all("with FOLL_FORCE" in rule for rule in refused.rules)
    assert "the page" in {words for words, _ in refused.before}


def test_v1_changes_nothing_for_foll_write_alone_nor_for_gup(review_sample: Reviews) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    patch = review.patches[1]
    for change in entry(patch, "follow_page").changes:
        for rule in change.rules:
            assert "with FOLL_FORCE" in rule or "FOLL_WRITE" in rule.partition("without ")[2]
    assert "get_user_pages" in patch.unchanged_entries
    assert "follow_page_mask" in patch.unchanged_entries


def test_v1_names_the_callers_that_the_change_reaches(review_sample: Reviews) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    callers = {caller.name: caller for caller in entry(review.patches[1], "follow_page").callers}
    assert {
        "break_ksm",
        "get_mergeable_page",
        "add_page_for_migration",
        "do_pages_stat_array",
    } <= callers.keys()
    assert all(caller.reached > 0 for caller in callers.values())


def test_v1_leaves_the_selftest_and_the_documentation_alone(review_sample: Reviews) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    assert [file.simulated for file in review.patches[2].files] == [False]
    assert review.patches[2].verdict == "could not tell"
    assert (review.patches[3].verdict, findings(review.patches[3])) == ("no semantic change", set())


def test_the_clean_up_that_started_the_thread_is_caught(review_sample: Reviews) -> None:
    review, _ = review_sample("factor-out-protnone.patch")
    patch = review.patches[-1]
    assert patch.verdict == "semantic change"
    assert "contradicted-claim" in findings(patch)
    assert "PROT_NONE" in rules_to(entry(patch, "follow_page"), "NULL")


def test_the_true_refactoring_changes_nothing(review_sample: Reviews) -> None:
    review, _ = review_sample("true-refactoring.patch")
    patch = review.patches[0]
    assert (patch.verdict, findings(patch) - {"never-ran"}) == ("no semantic change", set())
    assert "scenarios" in patch.verdict_why
    log = [claim for claim in patch.claims if claim.where == "log"]
    assert [claim.judgement for claim in log] == ["supported"]
    assert review.findings == 0


def test_the_false_refactoring_is_contradicted(review_sample: Reviews) -> None:
    review, _ = review_sample("false-refactoring.patch")
    assert review.patches[0].verdict == "semantic change"
    assert "contradicted-claim" in findings(review.patches[0])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lock-leak.patch", "lock-imbalance"),
        ("endless-retry.patch", "endless-loop"),
        ("null-deref.patch", "null-pointer"),
    ],
)
def test_a_fault_in_the_patch_is_named_with_a_witness(
    review_sample: Reviews, name: str, kind: str
) -> None:
    review, _ = review_sample(name)
    found = next(finding for finding in review.patches[0].findings if finding.id == kind)
    assert "for example" in found.details[0]
    assert "reviewtool simulate" in found.details[1]


def test_a_patch_that_does_not_compile_is_told_with_its_line(review_sample: Reviews) -> None:
    review, _ = review_sample("does-not-compile.patch")
    patch = review.patches[0]
    error = next(finding for finding in patch.findings if finding.id == "compile-error")
    assert (patch.verdict, error.path.endswith(".c"), error.line > 0) == (
        "could not tell",
        True,
        True,
    )


def test_a_patch_that_does_not_apply_is_told_with_the_line_that_differs(
    review_sample: Reviews,
) -> None:
    review, _ = review_sample("does-not-apply.patch")
    patch = review.patches[0]
    conflict = next(finding for finding in patch.findings if finding.id == "conflict")
    assert (patch.applied, patch.verdict, conflict.line > 0) == ("no", "could not tell", True)
    assert any(detail.startswith("hunk @@") for detail in conflict.details)


def test_an_absolute_include_never_reaches_the_compiler(review_sample: Reviews) -> None:
    with pytest.raises(
        InputError, match=r"hostile-include.patch:\d+: .*/etc/passwd.* leaves the tree"
    ):
        review_sample("hostile-include.patch")


def test_the_inverted_flag_changes_nothing_for_ordinary_entries(review_sample: Reviews) -> None:
    review, _ = review_sample("honor-numa-fault.mbox")
    for patch in review.patches:
        for found in patch.entries:
            if found.name == "follow_page":
                # in an inaccessible VMA every entry is PROT_NONE, so a rule need not say so
                assert all("PROT_NONE" in rule or "inaccessible" in rule for rule in found.overall)


def test_removing_the_flags_checks_the_new_kernel_doc(review_sample: Reviews) -> None:
    review, _ = review_sample("no-flags.mbox")
    claims = [
        claim
        for patch in review.patches
        for claim in patch.claims
        if claim.where.startswith("kernel-doc")
    ]
    assert "supported" in {claim.judgement for claim in claims}
    assert entry(review.patches[0], "follow_page").signature_after.endswith(
        "unsigned long address)"
    )


def test_a_change_that_a_later_patch_undoes_is_said_once_with_both_places(
    review_sample: Reviews,
) -> None:
    review, _ = review_sample("smaps-undone.mbox")
    assert review.whole is not None
    one = review.whole.entries[0]
    first, second, third = one.steps
    undone = one.undone[0]
    assert (undone.changed_by, undone.restored_by, len(one.undone)) == ("1/3", "3/3", 1)
    assert (second.changed, undone.of, undone.count) == (0, first.changed, third.changed)
    assert undone.left == one.entry.changed == undone.of - undone.count > 0
    assert review.whole.verdict == "semantic change"


def test_a_series_that_undoes_itself_changes_nothing_as_a_whole(review_sample: Reviews) -> None:
    review, _ = review_sample("factor-out-protnone.patch")
    assert review.whole is not None
    # what more flags together do is not followed through a series, so then there is no answer
    combined = any(entry.combined_changed for patch in review.patches for entry in patch.entries)
    said = "more flags are combined" if combined else "undone"
    assert review.whole.verdict == ("could not tell" if combined else "no semantic change")
    assert said in review.whole.verdict_why
    changed = [one for one in review.whole.entries if one.steps[0].changed]
    assert changed
    for one in changed:
        assert [(u.changed_by, u.restored_by, u.left) for u in one.undone] == [("1/2", "2/2", 0)]
        assert one.undone[0].count == one.undone[0].of == one.steps[0].changed


def test_what_only_combined_flags_change_is_a_finding_and_a_remark(review_sample: Reviews) -> None:
    from reviewtool.findings import change_finding  # noqa: PLC0415
    from reviewtool.report.remarks import write_remarks  # noqa: PLC0415

    patch = review_sample("lock-leak.patch")[0].patches[0]
    found = [one for one in patch.entries if one.changed]
    only = tuple(replace(one, changed=0, combined=900, combined_changed=7) for one in found)
    assert all(one.differs for one in only)
    finding = change_finding(only[0], None)
    assert finding.severity is Severity.WARNING
    assert finding.title.endswith("changes in 7 of 900 scenarios with all flags combined")
    (remark,) = write_remarks(replace(patch, entries=only, findings=(finding,)))
    assert "7 of 900 scenarios with all flags combined" in " ".join(remark.text.split())


def test_one_patch_is_no_series(review_sample: Reviews) -> None:
    assert review_sample("lock-leak.patch")[0].whole is None


def test_conditions_say_how_much_they_hold_for_the_most_general_first(
    review_sample: Reviews,
) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    for found in review.patches[1].entries:
        for change in found.changes:
            counts = [condition.count for condition in change.conditions]
            assert counts == sorted(counts, reverse=True)
            assert max(counts) <= change.count <= sum(counts)
            for condition in change.conditions:
                assert condition.share == condition.count / found.scenarios


def test_two_runs_give_the_same_review(review_sample: Reviews) -> None:
    from reviewtool.mail.inputs import InputSource  # noqa: PLC0415
    from reviewtool.pipeline import Settings, review_series  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model  # noqa: PLC0415
    from tests.conftest import SAMPLES  # noqa: PLC0415

    series = read_series([InputSource("lock-leak.patch", SAMPLES / "lock-leak.patch")])
    again, _ = review_series(series, bundled_model(), Settings(workers=1), Cache(None))
    assert again == review_sample("lock-leak.patch")[0]


def test_a_patch_answers_only_for_the_kernel_doc_warnings_that_it_adds(
    review_sample: Reviews,
) -> None:
    review, _ = review_sample("no-flags.mbox")
    for patch in review.patches:
        for finding in patch.findings:
            if finding.id == "kernel-doc":
                assert finding.title.startswith("kernel-doc, KD")
                assert finding.path in {file.path for file in patch.files}
    quiet, _ = review_sample("true-refactoring.patch")
    assert "kernel-doc" not in findings(quiet.patches[0])


def test_a_broken_kernel_doc_comment_is_a_finding_of_the_patch_that_adds_it() -> None:
    import dataclasses  # noqa: PLC0415

    from reviewtool.mail.inputs import InputSource  # noqa: PLC0415
    from reviewtool.pipeline import Settings, review_series  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model  # noqa: PLC0415

    diff = (
        "--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -8,6 +8,6 @@\n /**\n"
        "  * vm_normal_page - find the page that a present PTE maps\n"
        "- * @vma: vm_area_struct of the mapping\n+ * @vmarea: vm_area_struct of the mapping\n"
        "  * @addr: address that the entry belongs to\n  * @pte: present entry\n  *\n"
    )
    base = bundled_model()
    assert base.files["mm/memory.c"].splitlines()[7] == "/**"
    series = read_series([InputSource("doc.diff", data=diff.encode())])
    review, _ = review_series(
        series, base, dataclasses.replace(Settings(), budget=1 << 16), Cache(None)
    )
    found = [finding for finding in review.patches[0].findings if finding.id == "kernel-doc"]
    assert {finding.path for finding in found} == {"mm/memory.c"}
    assert any("vma" in finding.title for finding in found)


def test_a_change_is_told_as_soon_as_it_is_found() -> None:
    from reviewtool.mail.inputs import InputSource  # noqa: PLC0415
    from reviewtool.pipeline import Settings, review_series  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.simulate.cache import open_cache  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model  # noqa: PLC0415
    from tests.conftest import SAMPLES  # noqa: PLC0415

    told: list[str] = []
    steps: list[str] = []

    def progress(what: str, _done: int, _of: int) -> None:
        if told:
            steps.append(what)

    patch = SAMPLES / "smaps-undone.mbox"
    review, _ = review_series(
        read_series([InputSource(patch.name, patch)]),
        bundled_model(),
        Settings(tell=told.append),
        open_cache(),
        progress,
    )
    (first, *_) = review.patches[0].entries
    assert told[0].startswith(
        f"{first.name}(): {first.changed:,} of {first.scenarios:,} scenarios change; "
    )
    assert steps, "work went on after the first line"
