# SPDX-License-Identifier: GPL-2.0-only
"""Kernel configurations: what they switch, what they leave possible, and what a review tells of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from reviewtool.cli.review import review
from reviewtool.errors import InputError
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import (
    DEFAULT_CONFIGURATION,
    OPTIONS,
    Configuration,
    choose_configurations,
    read_configuration,
    read_configurations,
)
from reviewtool.simulate.domain import FACTOR, factors_in_play, lay_out
from reviewtool.simulate.possible import rules_of, traits_of
from reviewtool.simulate.record import RETURNS, field
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

WALK = frozenset({"level", "entry", "access", "vma", "prot", "page", "tracking", "uffd", "folio"})


def test_options_are_read_as_the_kernel_and_as_people_write_them() -> None:
    assert read_configuration([]) == DEFAULT_CONFIGURATION
    assert read_configuration(["KSM=on"]) == DEFAULT_CONFIGURATION
    assert read_configuration(["CONFIG_KSM=n"]).words == "KSM=off"
    assert read_configuration(["USERFAULTFD_WP=off"]).words == "HAVE_ARCH_USERFAULTFD_WP=off"
    assert not read_configuration(["USERFAULTFD=off"]).has("HAVE_ARCH_USERFAULTFD_WP")
    assert read_configuration(["PROTNONE_KEEPS_WRITE=on"]).has("PROTNONE_KEEPS_WRITE")
    for wrong in ("KSMD=off", "KSM", "KSM=maybe"):
        with pytest.raises(InputError):
            read_configuration([wrong])


def test_all_configurations_are_the_default_and_one_for_each_option() -> None:
    assert len(read_configurations("all")) == 1 + len(OPTIONS)
    listed = read_configurations("KSM=off,ZONE_DEVICE=off+KSM=off")
    assert [one.words for one in listed] == ["default", "KSM=off", "ZONE_DEVICE=off, KSM=off"]
    with pytest.raises(InputError):
        choose_configurations(["KSM=off"], "all")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_that_is_off_leaves_states_out_and_one_that_is_on_has_a_macro(
    option: object,
) -> None:
    name = getattr(option, "name", "")
    default = getattr(option, "default", True)
    changed = Configuration((name,))
    assert f"#define CONFIG_{name} 1" in (DEFAULT_CONFIGURATION if default else changed).header()
    assert f"CONFIG_{name} " not in (changed if default else DEFAULT_CONFIGURATION).header()
    states = {}
    for configuration in (DEFAULT_CONFIGURATION, changed):
        in_play = WALK | factors_in_play(traits_of(configuration)) & {"write_bit"}
        domain = lay_out(in_play, (), rules_of(configuration))
        states[configuration] = len(domain.words)
    assert (states[changed] < states[DEFAULT_CONFIGURATION]) == default
    assert states[changed] > 0


def outcome_of_protnone(configuration: Configuration, prot: str) -> set[str]:
    """Return what follow_page() gives, without flags, at a PROT_NONE PTE that maps a page."""
    tree = configuration.built(bundled_model())
    index = index_sources(tree)
    binding = bind(index.functions["follow_page"])
    assert isinstance(binding, Binding)
    request = BuildRequest(tree, (binding,), (), index.constants, configuration=configuration)
    module = build(request, Cache(None))
    assert isinstance(module, Module)
    factors = frozenset({"level", "entry", "access", "prot"})
    domain = lay_out(factors, (), rules_of(configuration))
    swept = sweep(module, "follow_page", domain)
    wanted = domain.columns["access"] == FACTOR["access"].code_of("protnone")
    wanted &= domain.columns["prot"] == FACTOR["prot"].code_of(prot)
    for name in ("level", "entry"):
        wanted &= domain.columns[name] == 0
    codes = field(swept.records, "ret")[swept.rows[swept.row_of[wanted], 0]]
    return {RETURNS[code] for code in np.unique(codes)}


def test_without_numa_balancing_only_an_inaccessible_vma_has_protnone_and_nobody_asks() -> None:
    off = Configuration(("NUMA_BALANCING",))
    assert outcome_of_protnone(DEFAULT_CONFIGURATION, "none") == {"null"}
    assert outcome_of_protnone(off, "none") == {"page"}
    assert outcome_of_protnone(off, "rw") == set()


PATCH = """From: A <a@example.org>
Subject: [PATCH] mm/ksm: merge everywhere

Signed-off-by: A <a@example.org>
---
diff --git a/mm/ksm.c b/mm/ksm.c
--- a/mm/ksm.c
+++ b/mm/ksm.c
@@ -{line},3 +{line},3 @@
 \tvma = vma_lookup(mm, addr);
-\tif (!vma || !(vma->vm_flags & VM_MERGEABLE) || !vma->anon_vma)
+\tif (!vma || !vma->anon_vma)
 \t\treturn NULL;
"""


def test_a_review_names_the_configurations_in_which_a_change_shows(tmp_path: Path) -> None:
    lines = bundled_model().files["mm/ksm.c"].split("\n")
    line = lines.index("\tvma = vma_lookup(mm, addr);") + 1
    patch = tmp_path / "merge.patch"
    patch.write_text(PATCH.format(line=line))
    runner = CliRunner()
    done = runner.invoke(review, ["-q", "--configs", "KSM=off", str(patch)])
    assert done.exit_code == 1, done.output
    said = " ".join(done.output.split())
    assert "configuration default" in said
    assert (
        "configuration KSM=off: no semantic change (none of its files is built with KSM=off)"
        in said
    )
    other = runner.invoke(review, ["-q", "--config", "KSM=off", str(patch)])
    assert "configuration KSM=off" in " ".join(other.output.split())
    assert other.exit_code == 0, other.output
