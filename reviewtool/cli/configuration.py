# SPDX-License-Identifier: GPL-2.0-only
"""The option --config of every command that runs code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., object])


class _Setting(click.ParamType[str]):
    """NAME=on|off; what it may be is said by whoever reads it, with the line of the refusal."""

    name = "setting"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        from reviewtool.simulate.configuration import OPTIONS  # noqa: PLC0415

        settings = (f"{option.name}={state}" for option in OPTIONS for state in ("on", "off"))
        return [CompletionItem(setting) for setting in settings if setting.startswith(incomplete)]


def config_option(command: Command) -> Command:
    """Give COMMAND the option --config, any number of times."""
    option = click.option(
        "--config",
        "config",
        type=_Setting(),
        multiple=True,
        metavar="NAME=on|off",
        help="Switch a kernel option: NUMA_BALANCING, TRANSPARENT_HUGEPAGE, HUGETLB_PAGE, ZONE_DEVICE, KSM, "
        "SECRETMEM, MEM_SOFT_DIRTY, USERFAULTFD, HAVE_ARCH_USERFAULTFD_WP, or PROTNONE_KEEPS_WRITE "
        "(PROT_NONE entries keep the write bit).",
    )
    return option(command)
