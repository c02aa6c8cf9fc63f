"""NIfTI, NRRD and MetaImage: the same place and values as other readers, and a refusal of what contradicts itself."""

from __future__ import annotations

import bz2
import gzip
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from ctreview.errors import InputRefused, UnreadableFile, UnsupportedSeries
from ctreview.volume import load_volume
from ctreview.volume.geometry import Geometry
from ctreview.volume.image_file import read_image_file
from ctreview.volume.resample import affine_of_image
from tests.volume.image_files import PLACED, SPACING, directions, image_of, meta, nifti, nrrd, qform, sform, values

FORMATS = ("a.nii", "a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd")


def canonical_by_itk(image: sitk.Image) -> tuple[np.ndarray, Geometry]:
    """Values and grid as SimpleITK has them, in canonical axes."""
    array = sitk.GetArrayFromImage(image)
    grid = Geometry(array.shape, affine_of_image(image), "x")
    order, flips = grid.canonical_steps()
    return np.flip(array.transpose(order), flips), grid.canonical()


@pytest.mark.parametrize("name", FORMATS)
def test_every_orientation_of_both_hands_as_simpleitk_reads_it(tmp_path: Path, name: str) -> None:
    for direction in directions():
        if "nii" in name and np.linalg.det(direction) < 0:
            continue  # ITK writes a qform that it does not read back; nibabel is the oracle of these
        sitk.WriteImage(image_of(values(), direction), str(tmp_path / name), useCompression=False)
        array, grid = canonical_by_itk(image_of(values(), direction))
        found = read_image_file(tmp_path / name)
        assert np.array_equal(found.array, array)
        assert found.geometry.affine == pytest.approx(grid.affine, abs=2e-4)
        assert found.array.dtype == np.int16
        assert found.unit == "HU"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 47), st.tuples(*[st.floats(-0.4, 0.4)] * 3), st.sampled_from(["both", "sform", "qform"]))
def test_nifti_lies_where_nibabel_says(
    tmp_path_factory: pytest.TempPathFactory, way: int, turn: tuple[float, ...], form: str
) -> None:
    import nibabel as nib
    from scipy.spatial.transform import Rotation

    path = tmp_path_factory.mktemp("n") / "a.nii"
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec(turn).as_matrix() @ directions()[way] * SPACING
    affine[:3, 3] = (3, -4, 50)
    image = nib.Nifti1Image(np.ascontiguousarray(values().transpose(2, 1, 0)), affine)
    image.set_sform(affine, 0 if form == "qform" else 1)
    image.set_qform(affine, 0 if form == "sform" else 1)
    nib.save(image, path)
    again = nib.load(path)
    found = read_image_file(path)
    for index in ((0, 0, 0), (2, 1, 3), (3, 3, 3)):
        ras = found.geometry.to_lps(index) * (-1, -1, 1)
        at = np.linalg.inv(again.affine) @ (*ras, 1)
        assert at[:3] == pytest.approx(np.round(at[:3]), abs=0.02)  # quaternions of four bytes
        i, j, k = (int(n) for n in np.round(at[:3]))
        assert found.array[index] == np.asarray(again.dataobj)[i, j, k]


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_type_and_byte_order(tmp_path: Path, dtype: str, order: str) -> None:
    import nibabel as nib

    array = np.random.default_rng(0).integers(0, 100, (3, 4, 5)).astype(order + dtype)
    image = nib.Nifti1Image(
        array.transpose(2, 1, 0), np.diag([-1, -1, 1, 1.0]), nib.Nifti1Header(endianness=order), dtype=array.dtype
    )
    nib.save(image, tmp_path / "a.nii")
    assert np.array_equal(read_image_file(tmp_path / "a.nii").array, array)
    head = {
        "u1": "uchar",
        "i1": "int8",
        "u2": "ushort",
        "i2": "short",
        "u4": "uint",
        "i4": "int",
        "f4": "float",
        "f8": "double",
    }
    text = f"NRRD0004\ntype: {head[dtype]}\ndimension: 3\nsizes: 5 4 3\n" + "\n".join(PLACED) + "\nencoding: raw\n\n"
    text = text.replace("endian: little", f"endian: {'little' if order == '<' else 'big'}")
    (tmp_path / "a.nrrd").write_bytes(text.encode() + array.tobytes())
    assert np.array_equal(read_image_file(tmp_path / "a.nrrd").array, array)


def test_nifti_2_is_read(tmp_path: Path) -> None:
    import nibabel as nib

    nib.save(nib.Nifti2Image(values().transpose(2, 1, 0), np.diag([-1, -1, 2, 1.0])), tmp_path / "a.nii")
    assert np.array_equal(read_image_file(tmp_path / "a.nii").array, values())


def test_a_slope_gives_floats_and_whole_floats_give_int16(tmp_path: Path) -> None:
    nifti(tmp_path / "half.nii", values(), **sform(), **qform(), scl_slope=0.5, scl_inter=-3)
    found = read_image_file(tmp_path / "half.nii")
    assert found.array.dtype == np.float32
    assert np.array_equal(found.array, values() * 0.5 - 3)
    nifti(tmp_path / "whole.nii", values().astype(np.float32), **sform(), **qform())
    assert read_image_file(tmp_path / "whole.nii").array.dtype == np.int16
    late = values((300, 200, 200)).astype(np.float32)
    late[290, 3, 3] = 0.25
    nifti(tmp_path / "late.nii", late, **sform(), **qform())
    assert np.array_equal(read_image_file(tmp_path / "late.nii").array, late)


@pytest.mark.parametrize("field", [{"scl_slope": 0}, {"scl_slope": np.nan}, {"scl_slope": 1, "scl_inter": 0}])
def test_a_slope_that_is_not_set_leaves_the_values(tmp_path: Path, field: dict[str, float]) -> None:
    nifti(tmp_path / "a.nii", values(), **sform(), **qform(), **field)
    assert np.array_equal(read_image_file(tmp_path / "a.nii").array, values())


# --- length against header


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.99, 0.6, 0.0])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str, share: float) -> None:
    image = image_of(values((20, 30, 40)))
    sitk.WriteImage(image, str(tmp_path / name), useCompression=False)
    file = next((one for one in tmp_path.iterdir() if one.name.startswith("a.") and "raw" in one.name), tmp_path / name)
    whole = file.read_bytes()
    start = whole.find(b"LOCAL\n") + 6 if name == "a.mha" else whole.find(b"\n\n") + 2 if name == "a.nrrd" else 0
    start = 352 if name == "a.nii" else start
    file.write_bytes(whole[: start + int(share * (len(whole) - start))])
    with pytest.raises(UnreadableFile, match="cut off" if share or name != "a.nii.gz" else "no NIfTI"):
        load_volume(tmp_path / name)


def test_the_length_of_a_cut_file_is_named(tmp_path: Path) -> None:
    whole = nifti(tmp_path / "a.nii", values(), **sform(), **qform()).read_bytes()
    (tmp_path / "a.nii").write_bytes(whole[:-40])
    with pytest.raises(UnreadableFile, match="cut off: 200 bytes of 240"):
        load_volume(tmp_path / "a.nii")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zlib.compress])
def test_packed_data_that_are_cut_or_damaged_are_refused(tmp_path: Path, pack: object) -> None:
    array = values((20, 30, 40))
    data = pack(array.tobytes())  # type: ignore[operator]

    def put(data: bytes) -> Path:
        if pack is zlib.compress:
            return meta(tmp_path / "a.mha", array, data, CompressedData="True", CompressedDataSize=len(data))
        name = "gzip" if pack is gzip.compress else "bzip2"
        return nrrd(tmp_path / "a.nrrd", array, *PLACED, f"encoding: {name}", data=data)

    assert np.array_equal(read_image_file(put(data)).array, array)
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        read_image_file(put(data[: len(data) // 2]))
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        read_image_file(put(data[:-4]))
    broken = bytearray(data)
    broken[-3 if pack is zlib.compress else -6] ^= 255  # in its checksum
    with pytest.raises(UnreadableFile, match="damaged"):
        read_image_file(put(bytes(broken)))


def test_gzip_of_several_members_is_read(tmp_path: Path) -> None:
    plain = nifti(tmp_path / "a.nii", values(), **sform(), **qform()).read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain[:400]) + gzip.compress(plain[400:]) + bytes(512))
    assert np.array_equal(read_image_file(tmp_path / "b.nii.gz").array, values())


def test_a_raw_file_of_another_length_beside_its_header_is_refused(tmp_path: Path) -> None:
    meta(tmp_path / "a.mhd", values(), b"", ElementDataFile="a.raw")
    (tmp_path / "a.raw").write_bytes(values().tobytes() + bytes(10))
    with pytest.raises(UnreadableFile, match="holds 250 bytes, and its header announces 240"):
        read_image_file(tmp_path / "a.mhd")


# --- place


def test_a_spacing_that_pixdim_lacks_is_the_sforms(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii", values(), **sform(), pixdim=[1, 0.7, 0.9, 0, 1, 1, 1, 1])
    found = read_image_file(tmp_path / "a.nii")
    assert found.geometry.spacing == pytest.approx((2.5, 0.9, 0.7), rel=1e-6)
    assert any("pixdim" in note for note in found.notes)


@pytest.mark.parametrize("spacing", [0.0, np.nan, np.inf, -2.5])
def test_a_spacing_that_nothing_says_is_refused(tmp_path: Path, spacing: float) -> None:
    nifti(tmp_path / "a.nii", values(), **(qform() | {"pixdim": [1, 0.7, 0.9, spacing, 1, 1, 1, 1]}))
    with pytest.raises(UnreadableFile, match="does not say how far its slices are apart"):
        read_image_file(tmp_path / "a.nii")


@pytest.mark.parametrize("lines", [(), ("spacings: 0.7 0.9 nan",), ("spacings: 0.7 0.9 0",)])
def test_nrrd_without_a_spacing_is_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    nrrd(tmp_path / "a.nrrd", values(), *lines, "encoding: raw", "endian: little")
    with pytest.raises(UnreadableFile, match="does not say how far its slices are apart"):
        read_image_file(tmp_path / "a.nrrd")


@pytest.mark.parametrize("spacing", [None, "0.7 0.9", "0.7 0.9 0", "0.7 0.9 nan", "0.7 0.9 x"])
def test_metaimage_without_a_spacing_is_refused(tmp_path: Path, spacing: str | None) -> None:
    with pytest.raises(UnreadableFile, match=r"how far its slices are apart|holds no numbers"):
        read_image_file(meta(tmp_path / "a.mha", values(), ElementSpacing=spacing))


def test_two_spacings_are_refused_and_both_are_named(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii", values(), **sform((1.4, 1.8, 5.0)), **qform())
    with pytest.raises(UnreadableFile, match=r"0\.7 × 0\.9 × 2\.5 mm.*1\.4 × 1\.8 × 5 mm"):
        read_image_file(tmp_path / "a.nii")
    nifti(tmp_path / "b.nii", values(), **sform((1.4, 1.8, 5.0)), pixdim=[1, 0.7, 0.9, 2.5, 1, 1, 1, 1])
    with pytest.raises(UnreadableFile, match=r"0\.7 × 0\.9 × 2\.5 mm.*1\.4 × 1\.8 × 5 mm"):
        read_image_file(tmp_path / "b.nii")


def test_sides_that_nothing_says_are_refused(tmp_path: Path) -> None:
    refused = [
        nifti(tmp_path / "a.nii", values(), pixdim=[1, *SPACING, 1, 1, 1, 1]),
        nrrd(tmp_path / "a.nrrd", values(), "spacings: 0.7 0.9 2.5", "encoding: raw", "endian: little"),
        nrrd(tmp_path / "b.nrrd", values(), *PLACED[1:], "space dimension: 3", "encoding: raw"),
        meta(tmp_path / "a.mha", values(), TransformMatrix=None),
    ]
    for path in refused:
        with pytest.raises(UnreadableFile, match="does not say which side is which"):
            read_image_file(path)


def test_a_metaimage_that_names_its_sides_in_letters_is_read(tmp_path: Path) -> None:
    left = read_image_file(meta(tmp_path / "a.mha", values(), TransformMatrix=None, AnatomicalOrientation="RAI"))
    right = read_image_file(meta(tmp_path / "b.mha", values(), TransformMatrix=None, AnatomicalOrientation="LPI"))
    assert np.array_equal(left.array, values())
    assert np.array_equal(right.array, values()[:, ::-1, ::-1])


def test_qform_and_sform_that_turn_the_image_differently_are_refused(tmp_path: Path) -> None:
    turned = qform() | {"quatern_b": 0, "quatern_c": 0, "quatern_d": 0}
    nifti(tmp_path / "a.nii", values((40, 50, 60)), **sform(), **turned)
    with pytest.raises(UnreadableFile, match="qform and its sform disagree"):
        read_image_file(tmp_path / "a.nii")


def test_another_origin_alone_is_said(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii", values(), **sform(origin=(5, 0, 0)), **qform())
    found = read_image_file(tmp_path / "a.nii")
    assert any("origin, by 5.0 mm" in note for note in found.notes)


def test_an_sform_into_a_template_does_not_measure_the_patient(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii", values(), **sform((1.4, 1.8, 5.0), code=4), **qform())
    found = read_image_file(tmp_path / "a.nii")
    assert found.geometry.spacing == pytest.approx((2.5, 0.9, 0.7), rel=1e-6)
    assert any("template" in note for note in found.notes)


def test_metres_and_micrometres_become_millimetres(tmp_path: Path) -> None:
    for unit, factor in ((1, 0.001), (3, 1000.0)):
        spacing = tuple(part * factor for part in SPACING)
        nifti(tmp_path / "a.nii", values(), **sform(spacing), **qform(spacing), xyzt_units=unit)
        assert read_image_file(tmp_path / "a.nii").geometry.spacing == pytest.approx((2.5, 0.9, 0.7), rel=1e-5)


def test_axes_that_are_almost_square_are_read(tmp_path: Path) -> None:
    form = sform()
    form["srow_x"][1] = 0.0008
    found = read_image_file(nifti(tmp_path / "a.nii", values(), **form, pixdim=[1, *SPACING, 1, 1, 1, 1]))
    assert np.array_equal(found.array, values())


def test_a_tilted_slice_axis_is_sheared_onto_a_right_box(tmp_path: Path) -> None:
    """Values are a linear function of the place, so that any error of place shows."""
    form = sform()
    form["srow_y"][2] = 0.6
    affine = np.array([form["srow_x"], form["srow_y"], form["srow_z"]])
    k, j, i = np.meshgrid(np.arange(9), np.arange(24), np.arange(20), indexing="ij")
    place = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ affine.T
    array = np.round(place @ (5.0, 11.0, 7.0) - 800).astype(np.int16)
    found = read_image_file(nifti(tmp_path / "a.nii", array, **form, pixdim=[1, *SPACING, 1, 1, 1, 1]))
    directions_ = found.geometry.directions
    assert np.abs(directions_.T @ directions_ - np.eye(3)).max() < 1e-6
    assert any("sheared by 13" in note for note in found.notes)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in found.geometry.shape), indexing="ij"), axis=-1)
    expected = (found.geometry.to_lps(index) * (-1, -1, 1)) @ (5.0, 11.0, 7.0) - 800
    assert found.original is not None
    at = found.original.to_index(found.geometry.to_lps(index))
    measured = np.all((at >= 0) & (at <= np.array(found.original.shape) - 1), axis=-1)
    assert measured.mean() > 0.6
    assert np.abs(found.array - expected)[measured].max() <= 1.01


def test_axes_sheared_within_the_slice_are_refused(tmp_path: Path) -> None:
    form = sform()
    form["srow_x"][1] = 0.3
    with pytest.raises(UnreadableFile, match=r"sheared by 18\.\d°"):
        read_image_file(nifti(tmp_path / "a.nii", values(), **form, pixdim=[1, 0.7, 0.9, 2.5, 1, 1, 1, 1]))


# --- what is no volume


def test_several_volumes_colour_and_planes_are_refused_by_name(tmp_path: Path) -> None:
    four = np.zeros((2, 3, 4, 5), np.int16)
    refused = [
        nifti(tmp_path / "time.nii", four, **sform(), **qform()),
        nifti(tmp_path / "plane.nii", four[0, 0], **sform(), **qform()),
        nifti(tmp_path / "colour.nii", values(), **sform(), **qform(), datatype=128, bitpix=24),
        nrrd(
            tmp_path / "a.nrrd",
            four,
            "space: LPS",
            "space directions: none (1,0,0) (0,1,0) (0,0,1)",
            "endian: little",
            "encoding: raw",
        ),
        meta(tmp_path / "a.mha", values(), ElementNumberOfChannels=3),
    ]
    for path in refused:
        with pytest.raises(UnsupportedSeries):
            read_image_file(path)


def test_a_fourth_axis_of_one_is_no_obstacle(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii", values()[None], **sform(), **qform())
    assert np.array_equal(read_image_file(tmp_path / "a.nii").array, values())


def test_voxels_without_a_number_are_said_and_filled(tmp_path: Path) -> None:
    array = values().astype(np.float32)
    array[1, 1, 1] = np.nan
    found = read_image_file(nifti(tmp_path / "a.nii", array, **sform(), **qform()))
    assert found.array[1, 1, 1] == -1024
    assert "1 voxels hold no number." in found.notes


def test_numbers_that_are_no_hu_say_why(tmp_path: Path) -> None:
    found = read_image_file(nifti(tmp_path / "a.nii", values() + np.int16(1024), **sform(), **qform()))
    assert found.unit == "arbitrary"
    assert found.unit_reason == "no value lies below −900"


# --- what others disclose or hang on


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../a.raw", "sub/a.raw", "a%03d.raw 1 3 1", "LIST", "", ".", "pipe", "link.raw"]
)
def test_data_that_do_not_lie_beside_their_header_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "a.raw").write_bytes(values().tobytes())
    (folder / "link.raw").symlink_to(tmp_path / "a.raw")
    os.mkfifo(folder / "pipe")
    meta(folder / "a.mhd", values(), b"a.raw\n", ElementDataFile=name)
    nrrd(folder / "a.nhdr", values(), *PLACED, "encoding: raw", f"data file: {name}", data=b"")
    for path in (folder / "a.mhd", folder / "a.nhdr"):
        with pytest.raises(InputRefused):
            read_image_file(path)


@pytest.mark.parametrize("size", [1 << 13, 30_000])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, size: int) -> None:
    path = nifti(tmp_path / "a.nii.gz", values(), **sform(), **qform(), dim=[3, size, size, 30, 1, 1, 1, 1])
    with pytest.raises(UnreadableFile, match=r"which no image is|claims"):
        read_image_file(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_name_that_is_not_utf_8(tmp_path: Path, name: str) -> None:
    sitk.WriteImage(image_of(values()), str(tmp_path / name), useCompression=False)
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Sch\xf6n"))
    path.mkdir()
    for file in list(tmp_path.iterdir()):
        if file.is_file():
            file.rename(path / file.name)
    assert np.array_equal(load_volume(path / name).array, values())


FUZZ = int(os.environ.get("CTREVIEW_FUZZ", "300"))


def test_mutated_files_are_read_or_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(20211130)
    packed = gzip.compress(values().tobytes())
    seeds = [
        nifti(tmp_path / "a.nii", values(), **sform(), **qform()),
        nifti(tmp_path / "b.nii.gz", values(), **sform(), **qform()),
        nrrd(tmp_path / "a.nrrd", values(), *PLACED, "encoding: raw"),
        nrrd(tmp_path / "b.nrrd", values(), *PLACED, "encoding: gzip", data=packed),
        meta(tmp_path / "a.mha", values()),
        meta(tmp_path / "b.mha", values(), zlib.compress(values().tobytes()), CompressedData="True"),
    ]
    wholes = [path.read_bytes() for path in seeds]
    outcomes = {"read": 0, "refused": 0}
    for number in range(FUZZ):
        path, data = seeds[number % 6], bytearray(wholes[number % 6])
        if rng.random() < 0.2:
            data = data[: rng.integers(len(data))]
        else:
            for at in rng.integers(0, len(data), rng.integers(1, 6)):
                data[at] = rng.choice([rng.integers(256), 255, 0, 45, 57])
        path.write_bytes(data)
        try:
            read_image_file(path)
            outcomes["read"] += 1
        except InputRefused as error:
            assert path.name in str(error)  # noqa: PT017
            outcomes["refused"] += 1
    assert min(outcomes.values()) > FUZZ / 10
    assert capfd.readouterr() == ("", "")


def test_voxels_that_a_header_puts_far_away_are_not_looked_for(tmp_path: Path) -> None:
    for name in ("a.nii", "a.nii.gz"):
        with pytest.raises(UnreadableFile, match="puts the voxels at byte"):
            read_image_file(nifti(tmp_path / name, values(), **sform(), **qform(), vox_offset=1e12))
