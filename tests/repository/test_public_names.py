import json
import subprocess
import sys

import pytest

import ctreview

HEAVY = (
    "numpy",
    "scipy",
    "SimpleITK",
    "pydicom",
    "gdcm",
    "skimage",
    "pandas",
    "matplotlib",
    "jinja2",
    "numba",
    "cc3d",
    "edt",
    "fill_voids",
    "fastremap",
    "sklearn",
    "typer",
    "rich",
    "napari",
    "qtpy",
)


def loaded_after(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after ``code``."""
    code += "; import sys, json; json.dump(sorted({m.split('.')[0] for m in sys.modules}), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_ctreview_loads_no_heavy_library():
    loaded = loaded_after("import ctreview; dir(ctreview)")
    assert loaded.isdisjoint(HEAVY)
    assert "ctreview" in loaded


@pytest.mark.parametrize("name", [name for name in ctreview.__all__ if name != "__version__"])
def test_every_public_name_is_found_and_documented(name):
    found = getattr(ctreview, name)
    assert found.__name__ == name
    assert found.__doc__


def test_the_promised_names_are_all_and_an_unknown_one_is_an_attribute_error():
    assert set(ctreview._HOMES) == set(ctreview.__all__) - {"__version__"}
    assert set(ctreview.__all__) <= set(dir(ctreview))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ctreview.nonsense


def test_comparing_does_not_load_the_page():
    """Matplotlib and Jinja are for the report; a cohort that only wants tables does not wait for them."""
    loaded = loaded_after("import ctreview.recipes")
    assert "numpy" in loaded
    assert loaded.isdisjoint({"matplotlib", "jinja2", "pandas", "typer"})
