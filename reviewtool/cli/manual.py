# SPDX-License-Identifier: GPL-2.0-only
"""The commands `reviewtool manual` and `reviewtool completion`.

The manual is made from the commands themselves, as reST; Docutils makes troff of it, and the HTML
documentation (docs/conf.py) takes the same reST.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from reviewtool import __version__
from reviewtool.cli.options import output_option
from reviewtool.errors import ToolError

_FILES = """\
Files and environment
---------------------

``~/.config/reviewtool/config.toml``
    Defaults of options, see `config`_. Below ``$XDG_CONFIG_HOME`` where that is set.

``pyproject.toml``
    The same in its table ``[tool.reviewtool]``, for what is below its folder. It may choose formats,
    limits and kernel options, and nothing that writes, connects or names another file.

``$REVIEWTOOL_CONFIG``
    The user's file, at another place; empty for none.

``~/.cache/reviewtool``
    Compiled models and results, private to the user; it may be removed at any time. Below
    ``$XDG_CACHE_HOME`` where that is set.

``~/.local/state/reviewtool``
    The key that what is kept in the cache is signed with. Below ``$XDG_STATE_HOME`` where that is set.

``$REVIEWTOOL_PATCHWORK_TOKEN``
    The token that `report`_ sends to a Patchwork.

``$NO_COLOR``
    Set to anything: no colours on a terminal.

Exit status
-----------

0
    Nothing was found that ``--fail-on`` names.

1
    There are findings.

2
    The input cannot be used: one line on standard error says which, where and why. Nothing is half-written.

Limits
------

What runs is a model of mm, or a slice of a tree on the model's primitives, in a WebAssembly sandbox. It is
no kernel test. A verdict covers the scenarios, factors and configuration that it names and nothing else;
whatever is not modelled ends a scenario, and such a scenario is never called unchanged. The documentation's
page "limits" shows by example what cannot be seen.

See also
--------

**git**\\(1), **mutt**\\(1), **patch**\\(1)
"""


@click.command("manual")
@click.option("--rst", is_flag=True, help="As reST, not as troff.")
@output_option
@click.pass_context
def manual(context: click.Context, rst: bool, output: str | None) -> None:
    """Write the manual page reviewtool(1): every command, option and file.

    \b
    Examples:
      reviewtool manual | man -l -
      reviewtool manual -o ~/.local/share/man/man1/reviewtool.1
      reviewtool manual --rst
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415

    text = manual_rst(_root(context), context)
    write_result((text if rst else manual_troff(text)).encode(), output)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write what SHELL needs to complete commands, options and values.

    \b
    Examples:
      eval "$(reviewtool completion bash)"                  # in ~/.bashrc
      eval "$(reviewtool completion zsh)"                   # in ~/.zshrc
      reviewtool completion fish | source                   # in ~/.config/fish/config.fish
    """  # noqa: D301  (click reads the character \b)
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    known = get_completion_class(shell)
    if known is None:
        raise ToolError(shell, "this version of click knows no completion for it")
    click.echo(known(_root(context), {}, "reviewtool", "_REVIEWTOOL_COMPLETE").source())


def manual_rst(group: click.Group, context: click.Context) -> str:
    """Return the manual page of GROUP as reST."""
    title = "reviewtool"
    subtitle = "review Linux mm patches by running their code before and after"
    head = (
        f"{'=' * len(title)}\n{title}\n{'=' * len(title)}\n\n{'-' * len(subtitle)}\n{subtitle}\n{'-' * len(subtitle)}\n\n"
        f":Manual section: 1\n:Manual group: Linux kernel review\n:Version: {__version__}\n\n"
        "Synopsis\n--------\n\n**reviewtool** *COMMAND* [*OPTIONS*] [*ARGUMENTS*]\n\n"
        f"Description\n-----------\n\n{_prose(group)}\nCommands\n--------\n\n"
    )
    return head + commands_rst(group, context) + "\n" + _FILES


def commands_rst(group: click.Group, context: click.Context, mark: str = "~") -> str:
    """Return a section in reST for each command of GROUP, its title underlined with MARK."""
    parts = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            parts.append("\n".join(_command(name, command, mark)))
    return "\n".join(parts)


def manual_troff(rst: str) -> str:
    """Return RST as a manual page, by Docutils."""
    from docutils.core import publish_string  # noqa: PLC0415
    from docutils.writers.manpage import Writer  # noqa: PLC0415

    settings = {
        "output_encoding": "unicode",
        "raw_enabled": False,
        "file_insertion_enabled": False,
        "_disable_config": True,
        "halt_level": 2,  # a warning is a mistake of ours
    }
    page = publish_string(rst, writer=Writer(), settings_overrides=settings)
    return page if isinstance(page, str) else page.decode()


def _root(context: click.Context) -> click.Group:
    group = context.find_root().command
    if not isinstance(group, click.Group):
        raise TypeError(group)
    return group


def _command(name: str, command: click.Command, mark: str) -> Iterator[str]:
    """Yield the lines of one command's section."""
    yield f"{name}\n{mark * len(name)}\n"
    words = [f"*{_escape(_metavar(item))}*" for item in command.params if isinstance(item, click.Argument)]  # fmt: skip
    yield f"**reviewtool {name}** [*OPTIONS*] {' '.join(words)}\n"
    yield _prose(command)
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            value = "" if option.is_flag else f" *{_escape(_metavar(option))}*"
            names = ", ".join(
                f"``{text}``" for text in (*sorted(option.opts, key=len), *option.secondary_opts)
            )
            yield f"{names}{value}\n    {_escape(option.help or 'See above.')}{_default(option)}\n"


def _metavar(parameter: click.Parameter) -> str:
    """Return what stands for the value of PARAMETER."""
    if parameter.metavar:
        return parameter.metavar
    if isinstance(parameter.type, click.Choice):
        return "|".join(str(choice) for choice in parameter.type.choices)
    if isinstance(parameter, click.Argument):
        return str(parameter.name).upper()
    return {"integer": "N", "integer range": "N", "float": "NUMBER", "path": "PATH"}.get(
        parameter.type.name, parameter.type.name.upper()
    )


def _default(option: click.Option) -> str:
    if not option.show_default or option.default is None or callable(option.default):
        return ""
    return f" Default: {_escape(str(option.default))}."


def _prose(command: click.Command) -> str:
    """Return the help text of COMMAND as reST; what click must not wrap is shown as it stands."""
    blocks = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(command.help or "")):
        if not paragraph.startswith("\b"):
            blocks.append(_escape(paragraph) + "\n")
            continue
        title, _, body = paragraph.removeprefix("\b\n").partition("\n")
        if title.startswith(" ") or not body:
            title, body = "", f"{title}\n{body}"
        literal = "\n".join(f"    {line}" for line in inspect.cleandoc(body).splitlines())
        blocks.append(f"{_escape(title.rstrip(':'))}::\n\n{literal}\n" if title else f"::\n\n{literal}\n")  # fmt: skip
    return "\n".join(blocks)


def _escape(text: str) -> str:
    """Return TEXT with whatever reST would read as markup escaped."""
    return re.sub(r"([\\`*|_])", r"\\\1", text)
