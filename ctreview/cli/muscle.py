"""``ctreview muscle`` and ``ctreview muscle-compare``: MRI of thighs in, a folder with measures and a page out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctreview.cli.options import AsJson, Out, Overwrite, Quiet
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_document, progress_bar, results
from ctreview.errors import WrongUse
from ctreview.progress import part

if TYPE_CHECKING:
    from ctreview.muscle.maps.stir_reference import ReferenceBall
    from ctreview.recipes.muscle_mri import MuscleMriComparison

__all__ = ["MuscleCommand", "MuscleCompareCommand", "muscle", "muscle_compare", "show_muscle_changes"]

Contrasts = Annotated[
    list[str] | None,
    typer.Option(
        "--contrast",
        metavar="FILE=NAME",
        help="What a NIfTI, NRRD or MetaImage file shows, such as thighs.nii.gz=T1 (T1, T2, STIR, Dixon water, Dixon "
        "fat, fat fraction). Without it volume and symmetry alone are measured.",
        show_default=False,
    ),
]


Reference = Annotated[
    str | None,
    typer.Option(
        "--stir-reference",
        metavar="X,Y,Z,R",
        help="Where muscle is taken to be healthy in STIR: LPS millimetres and a radius. Without it there is no STIR "
        "ratio, and a place is proposed.",
        show_default=False,
    ),
]
Femur = Annotated[
    list[str] | None,
    typer.Option(
        "--femur",
        metavar="SIDE=Z,Z",
        help="Both ends of a femur as LPS z in millimetres, where the image does not show them.",
        show_default=False,
    ),
]


def muscle_mri_settings() -> Any:
    """Give the standard settings; they are imported only when they are asked for."""
    from ctreview.recipes.muscle_mri import MuscleMriSettings

    return MuscleMriSettings()


class MuscleCommand(CommandWithSettings):
    """Its options include the settings of the muscle recipe that concern measuring."""

    settings = staticmethod(muscle_mri_settings)
    without = frozenset({"threads"})
    parts = frozenset({"load", "measures", "tissue", "groups_from"})


class MuscleCompareCommand(CommandWithSettings):
    """Its options include every setting of the muscle recipe."""

    settings = staticmethod(muscle_mri_settings)
    without = frozenset({"threads"})


def muscle(
    context: typer.Context,
    series: Annotated[
        list[Path], typer.Argument(help="The series of one examination: folders or files.", show_default=False)
    ],
    *,
    out: Out,
    contrast: Contrasts = None,
    side: Annotated[
        str | None,
        typer.Option("--side", metavar="right|left", help="Of a limb that is imaged alone.", show_default=False),
    ] = None,
    femur: Femur = None,
    stir_reference: Reference = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups",
            metavar="FILE",
            help="Muscle groups drawn on some slices, or on all: .seg.nrrd, or NIfTI with the numbers of the guide.",
            show_default=False,
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Measure the muscles of the thighs in one MRI examination: volume, cross-section, fat, symmetry.

    The folder gets report.html (English) and report.de.html, muscle.json, slices.csv and muscle.seg.nrrd.
    """
    from ctreview.recipes import muscle_mri
    from ctreview.report import require_free
    from ctreview.report.muscle_folder import write_muscle

    require_free(out, overwrite=overwrite)
    if side not in (None, "right", "left"):
        raise WrongUse(f"a side is right or left, not {side}")
    with progress_bar(quiet=quiet) as progress:
        found = muscle_mri.measure_muscle(
            series,
            contrasts=_named(contrast),
            side=side,  # type: ignore[arg-type]
            femur_mm=_femurs(femur),
            stir_reference=_reference(stir_reference),
            groups=groups,
            settings=chosen_settings(context, muscle_mri_settings()),
            progress=part(progress, 0.0, 0.8),
        )
        write_muscle(found, out, overwrite=overwrite)
    if as_json:
        print_document(out / "muscle.json")
        return 0
    for one in found.found.measurements:
        if one.key in ("muscle_ml", "lean_ml", "fat_fraction_median", "muscle_asymmetry") and one.value is not None:
            results().print(f"{one.region.replace('_', ' ')}: {one.key.replace('_', ' ')} {one.value:.1f} {one.unit}")
    _ending(found.checks, out)
    return 0


def muscle_compare(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(help="The series of the baseline; those of the follow-up go to --followup.", show_default=False),
    ],
    *,
    followup: Annotated[
        list[Path], typer.Option("--followup", help="A series of the follow-up; once for each.", show_default=False)
    ],
    out: Out,
    contrast: Contrasts = None,
    femur: Femur = None,
    followup_femur: Annotated[
        list[str] | None,
        typer.Option("--followup-femur", metavar="SIDE=Z,Z", help="The same at follow-up.", show_default=False),
    ] = None,
    stir_reference: Reference = None,
    followup_stir_reference: Annotated[
        str | None,
        typer.Option("--followup-stir-reference", metavar="X,Y,Z,R", help="The same at follow-up.", show_default=False),
    ] = None,
    same_patient: Annotated[
        bool, typer.Option("--same-patient", help="Both are of one patient although their ids differ.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Measure how the muscles of the thighs changed between two MRI examinations, and how sure that is.

    The folder gets report.html (English) and report.de.html, muscle_change.json, and for each examination its slices
    and segmentation.
    """
    from ctreview.recipes import muscle_mri
    from ctreview.report import require_free
    from ctreview.report.muscle_folder import write_muscle_comparison

    require_free(out, overwrite=overwrite)
    with progress_bar(quiet=quiet) as progress:
        found = muscle_mri.compare_muscle(
            paths,
            followup,
            contrasts=_named(contrast),
            femurs_mm=(_femurs(femur), _femurs(followup_femur)),
            stir_references=(_reference(stir_reference), _reference(followup_stir_reference)),
            same_patient=same_patient,
            settings=chosen_settings(context, muscle_mri_settings()),
            progress=part(progress, 0.0, 0.9),
        )
        write_muscle_comparison(found, out, overwrite=overwrite)
    if as_json:
        print_document(out / "muscle_change.json")
    else:
        show_muscle_changes(found)
        _ending(found.checks, out)
    return 4 if found.verdict == "not_interpretable" else 0


def _ending(checks: Any, out: Path) -> None:
    for check in checks:
        if not check.ok:
            results().print(f"- {check.message}")
    results().print(f"Report: {out / 'report.html'}")


def _named(pairs: list[str] | None) -> dict[str, str]:
    """``A=B`` as a mapping."""
    found = {}
    for one in pairs or ():
        name, equals, value = one.partition("=")
        if not (name and equals and value):
            raise WrongUse(f"{one!r} is not of the form NAME=VALUE")
        found[name] = value
    return found


def show_muscle_changes(found: MuscleMriComparison) -> None:
    """Print a row for each number that was compared."""
    table = bare_table(("", "", "before", "after", "change (interval)", "verdict"))
    for one in found.changes:
        digits = 0 if one.baseline >= 100 else 1 if one.baseline >= 10 else 2
        change, unit = one.change, one.unit.replace("{ratio}", "")
        table.add_row(
            one.region.replace("_", " "),
            one.key.replace("_", " "),
            f"{one.baseline:.{digits}f} {unit}",
            f"{one.followup:.{digits}f} {unit}",
            f"{change.value:+.{digits}f} ({change.low:+.{digits}f} to {change.high:+.{digits}f})".replace("-", "−"),
            one.verdict.replace("_", " "),
        )
    results().print(table)


def _femurs(pairs: list[str] | None) -> dict[str, tuple[float, float]]:
    found = {name: _ends(z) for name, z in _named(pairs).items()}
    strange = sorted(set(found) - {"right", "left", "unknown"})
    if strange:
        raise WrongUse(f"a femur is that of the right or the left, not {strange[0]}")
    return found


def _reference(text: str | None) -> ReferenceBall | None:
    from ctreview.muscle.maps.stir_reference import ReferenceBall

    if text is None:
        return None
    try:
        x, y, z, radius = (float(one) for one in text.split(","))
    except ValueError as error:
        raise WrongUse(f"a reference is four numbers with commas between, not {text!r}") from error
    return ReferenceBall((x, y, z), radius)


def _ends(text: str) -> tuple[float, float]:
    try:
        low, high = (float(one) for one in text.split(","))
    except ValueError as error:
        raise WrongUse(f"the ends of a femur are two numbers with a comma between, not {text!r}") from error
    return low, high
