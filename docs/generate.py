"""Write what documents repeat from the program: ``python -m docs.generate``.

``docs/commands.md`` comes from the command line, ``docs/checks.md`` from the list of checks, the table of keys in
``docs/guide.md`` from the plugin's, the picture in ``docs/architecture.md`` from what the code imports.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

import ctreview.cli
from ctreview.checks import RegisteredCheck
from ctreview.cli.app import app
from ctreview.recipes.chest_ct.check_registry import CHECKS
from ctreview.recipes.muscle_mri.check_registry import MUSCLE_CHECKS

HERE = Path(__file__).resolve().parent
TARGET = HERE / "commands.md"
GUIDE = HERE / "guide.md"
CHECKS_PAGE = HERE / "checks.md"
ARCHITECTURE = HERE / "architecture.md"
ROOTS = ("ctreview", "plugins/napari_ctreview")
PICTURE_BEGIN, PICTURE_END = "<!-- picture, written by make docs -->\n", "<!-- end of picture -->"
KEYS_BEGIN, KEYS_END = "<!-- keys, written by make docs -->\n", "<!-- end of keys -->"

HEAD = """# Commands

Written from the program by `make docs`; do not edit.

Results go to stdout, everything else to stderr. `PATH` is a folder of DICOM files (nested, with other files in it) or
one NIfTI, NRRD or MetaImage file. With `CTREVIEW_DEBUG=1` in the environment an error shows its traceback.

| exit code | what it means |
|---|---|
"""


def commands() -> str:
    """Give the whole page."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("ctreview", ["doctor"], resilient_parsing=True)
    lines = [HEAD + "\n".join(f"| {code} | {says} |" for code, says in exit_codes())]
    for name, command, above in _members(group, context):
        inner = command.context_class(command, info_name=command.name, parent=above)
        lines += [
            "",
            f"## ctreview {name}",
            "",
            inspect.cleandoc(command.help or ""),
            "",
            *_usage(name, command, inner),
        ]
    return "\n".join(lines).rstrip() + "\n"


CHECKS_HEAD = """# Checks

Written from the program by `make docs`; do not edit.

Before a number of change is believed, all of this is looked at. A check that fails has one of three effects:

* it **stops**: there is no verdict (`not_interpretable`, exit code 4) for the regions that it concerns, and the reason
  stands first on the page, in the window and on the command line;
* it **widens**: it is a source of the interval, shown in figures with the others;
* it **tells**: it stands among the checks, and changes no number.

A check that names a lung concerns that lung, its parts and both lungs together; one that names none concerns all. Those
of one scan alone begin with `baseline_` or `followup_`. In tables the columns `checks_that_stop`, `checks_that_widen`
and `checks_that_tell` name those that failed.

"""

COLUMNS = """| check | what it looks at | effect, and from where on | where the limit comes from |
|---|---|---|---|
"""

MUSCLE_HEAD = """
## Muscle MRI

The same of `ctreview muscle` and `muscle-compare`. A check that names a limb concerns that limb and both together;
those of fat fraction, STIR and T2 concern these numbers alone.

"""


def checks() -> str:
    """Give the tables of checks."""
    return CHECKS_HEAD + _checks_table(CHECKS) + MUSCLE_HEAD + _checks_table(MUSCLE_CHECKS)


def _checks_table(known: Mapping[str, RegisteredCheck]) -> str:
    rows = []
    for name, check in known.items():
        effects = "; ".join(f"**{effect}**: {limit}" for effect, limit in check.effects.items())
        prefix = "…_" if check.of_each_scan else ""
        rows.append(f"| `{prefix}{name}` | {check.looks_at} | {effects} | {check.source} |")
    return COLUMNS + "\n".join(rows) + "\n"


def _members(group: Any, context: Any, before: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every command with its full name and the context around it; those of a group stand in the group's place."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            inner = command.context_class(command, info_name=name, parent=context)
            yield from _members(command, inner, f"{before}{name} ")
        else:
            yield f"{before}{name}", command, context


def exit_codes() -> Iterator[tuple[str, str]]:
    """Read the table of exit codes in the docstring of `ctreview.cli`."""
    for line in (ctreview.cli.__doc__ or "").splitlines():
        code, _, says = line.partition("  ")
        if code.strip().isdigit():
            yield code.strip(), says.strip().replace("``", "`")


def _usage(name: str, command: Any, context: Any) -> Iterator[str]:
    parameters = [one for one in command.get_params(context) if "--help" not in one.opts]
    words = [one.name.upper() for one in parameters if one.param_type_name == "argument"]
    yield "    " + " ".join(["ctreview", name, *words, "[options]"])
    panels: dict[str, list[Any]] = {}
    for one in parameters:
        panels.setdefault(getattr(one, "rich_help_panel", None) or "", []).append(one)
    for panel, members in panels.items():
        yield ""
        if panel:
            yield f"<details><summary>{panel}</summary>\n"
        yield "| option | default | what it does |"
        yield "|---|---|---|"
        for one in members:
            yield f"| {_written(one)} | {_default(one)} | {(one.help or '').replace('|', '/')} |"
        if panel:
            yield "\n</details>"


def _written(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{one.name.upper()}`"
    return " ".join(f"`{option}`" for option in (*one.opts, *one.secondary_opts))


def _default(one: Any) -> str:
    if one.required:
        return "required"
    if one.default is None or one.default is False:
        return ""
    value = one.default
    return " ".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


def guide() -> str:
    """Give the guide with the keys as they are."""
    before, _, rest = GUIDE.read_text(encoding="utf-8").partition(KEYS_BEGIN)
    _, _, after = rest.partition(KEYS_END)
    return before + KEYS_BEGIN + "\n" + "\n".join(_keys()) + "\n\n" + KEYS_END + after


def _keys() -> Iterator[str]:
    """The keys of the plugin, one table for each that there is in it, and what the mouse does."""
    from napari_ctreview.widgets.all_keys import key_groups, mouse_rows  # Qt only where it is needed

    tables = {title: [(f"`{key}`", says) for key, says in rows] for title, rows in key_groups().items()}
    for number, (title, rows) in enumerate({**tables, "Mouse": mouse_rows()}.items()):
        if number:
            yield ""
        yield from (f"| {title} | |", "|---|---|")
        yield from (f"| {key} | {says.replace('|', '/')} |" for key, says in rows)


def architecture() -> str:
    """Give the page on architecture with the picture as it is."""
    before, _, rest = ARCHITECTURE.read_text(encoding="utf-8").partition(PICTURE_BEGIN)
    _, _, after = rest.partition(PICTURE_END)
    return before + PICTURE_BEGIN + "\n" + "\n".join(_picture()) + "\n\n" + PICTURE_END + after


def _picture() -> Iterator[str]:
    """Folders, and an arrow to each that a folder imports from, unless a longer way leads there."""
    edges: dict[str, set[str]] = {}
    for root in ROOTS:
        for path in sorted((HERE.parent / root).rglob("*.py")):
            home = _folder(path.relative_to((HERE.parent / root).parent).with_suffix("").parts)
            edges.setdefault(home, set()).update(_imported(path) - {home, ""})
    edges.pop("", None)
    yield "```mermaid"
    yield "flowchart TD"
    for home in sorted(edges):
        yield f"  {home}[{home.replace('.', '/')}]"
    for home in sorted(edges):
        yield from (f"  {home} --> {other}" for other in sorted(edges[home]) if not _longer_way(edges, home, other))
    yield "```"


def _folder(parts: Sequence[str]) -> str:
    """The folder of a module; empty for the modules beside the folders."""
    inside = parts[1:]
    if parts[0] == "napari_ctreview":
        return "napari_ctreview"
    return inside[0] if len(inside) > 1 else ""


def _imported(path: Path) -> set[str]:
    """The folders that a module imports from, wherever in it the import stands."""
    names = [
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
    ]
    ours = [name.split(".") for name in names if name.split(".")[0] in ("ctreview", "napari_ctreview")]
    return {
        _folder((*parts, "")) for parts in ours if len(parts) > 1 and (HERE.parent / "ctreview" / parts[1]).is_dir()
    }


def _longer_way(edges: Mapping[str, set[str]], home: str, target: str) -> bool:
    """Whether a folder reaches another by way of a third."""
    todo, met = list(edges[home] - {target}), set[str]()
    while todo:
        at = todo.pop()
        if at == target:
            return True
        if at not in met:
            met.add(at)
            todo += edges.get(at, set()) - {home}
    return False


def main() -> int:
    """Write all, or with ``--check`` only say whether they are current."""
    written = {TARGET: commands(), GUIDE: guide(), ARCHITECTURE: architecture(), CHECKS_PAGE: checks()}
    if "--check" in sys.argv:
        return int(any(not path.is_file() or path.read_text(encoding="utf-8") != new for path, new in written.items()))
    for path, new in written.items():
        path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
