# SPDX-License-Identifier: GPL-2.0-only
"""A review whose every text is an attack on whatever shows it."""

from __future__ import annotations

from dataclasses import replace

from reviewtool.review import ClaimReview, FileReview, Finding, PatchReview, Review, Severity

# Terminal, direction, header, line, CSV, HTML, XML, Markdown, SARIF placeholder and link, template.
EVIL = (
    "\x1b]0;owned\x07\u202egnp.exe\r\nX-Evil: 1\nERROR: forged\n=HYPERLINK(1)\t<script>alert(1)</script>"
    ']]></failure><!ENTITY x "y">&x; {0} {{evil}} [click](javascript:alert(1)) `x` | \\ "quoted" '
    "{{ 7*7 }} {% x %} \x00\x0b\x7f\x85\u2028\ufffe\ud800 :a: ::error::forged"
)
PATH = "mm/../../etc/passwd\n<b>\x1b[2J]]>"


def hostile_review(review: Review) -> Review:
    """Return REVIEW with texts of a stranger in every place that a stranger can reach."""
    patch = review.patches[0]
    finding = Finding("contradicted-claim", Severity.ERROR, EVIL, (EVIL, EVIL), PATH, 3, 7)
    bad = replace(
        patch,
        label="1/1",
        subject=EVIL,
        author=EVIL,
        source=EVIL,
        files=(FileReview(PATH, 1, 1, simulated=False, why=EVIL),),
        entries=tuple(
            replace(
                entry,
                path=PATH,
                signature_after=EVIL,
                changes=tuple(
                    replace(
                        change,
                        conditions=tuple(replace(one, words=EVIL) for one in change.conditions),
                    )
                    for change in entry.changes
                ),
            )
            for entry in patch.entries
        ),
        claims=(ClaimReview("log", EVIL, 3, "contradicted", EVIL),),
        findings=(finding, replace(finding, id=EVIL, severity=Severity.WARNING), *patch.findings),
        undriven=((EVIL, EVIL),),
        verdict_why=EVIL,
    )
    return replace(
        review, title=EVIL, source=EVIL, base=EVIL, diagnostics=(EVIL,), patches=(bad,),
        proposals=(replace(bad, label="proposal"),),
    )  # fmt: skip


def hostile_patch(review: Review) -> PatchReview:
    """Return the patch of hostile_review()."""
    return hostile_review(review).patches[0]
