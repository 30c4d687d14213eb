"""Media: every form that Python programs have, the files they become, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import runstone

MESH = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


@pytest.fixture
def run(offline):
    return offline()


def check_file(run, value: dict) -> bytes:
    """The file that a value names: its digest, its size and its place."""
    content = Path(run.dir, value["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == value["sha256"]
    assert len(content) == value["size"]
    assert value["sha256"][:20] in value["path"]
    return content


def pixels_of(content: bytes):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)))


def test_ME1_every_class_has_its_json_its_file_digest_and_size(run, tmp_path):
    (tmp_path / "mesh.obj").write_text(MESH)
    (tmp_path / "m.pdb").write_text("ATOM\n")
    import plotly.graph_objects as go

    media = {
        "figure": (runstone.Plotly(go.Figure()), "plotly-file", "plotly", ".plotly.json"),
        "table": (runstone.Table(columns=["a"], data=[[1]]), "table-file", "table", ".table.json"),
        "points": (runstone.Object3D(np.zeros((1, 3))), "object3D-file", "object3D", ".pts.json"),
        "image": (runstone.Image(np.zeros((4, 6, 3), np.uint8), caption="c"), "image-file", "images", ".png"),
        "video": (
            runstone.Video(np.zeros((3, 3, 8, 6), np.uint8), fps=4, format="gif"),
            "video-file",
            "videos",
            ".gif",
        ),
        "audio": (runstone.Audio(np.zeros(10), sample_rate=8000, caption="s"), "audio-file", "audio", ".wav"),
        "html": (runstone.Html("<b>hi</b>", inject=False), "html-file", "html", ".html"),
        "mesh": (runstone.Object3D(str(tmp_path / "mesh.obj")), "object3D-file", "object3D", ".obj"),
        "molecule": (runstone.Molecule(tmp_path / "m.pdb", caption="m"), "molecule-file", "molecule", ".pdb"),
    }
    run.log({key: entry[0] for key, entry in media.items()})
    for key, (_, kind, folder, extension) in media.items():
        value = run.summary[key]
        assert value["_type"] == kind
        assert value["path"].startswith(f"media/{folder}/{key}_0_") and value["path"].endswith(extension)
        check_file(run, value)
    image = run.summary["image"]
    assert (image["format"], image["width"], image["height"], image["caption"]) == ("png", 6, 4, "c")
    assert (run.summary["video"]["width"], run.summary["video"]["height"]) == (6, 8)
    assert run.summary["audio"]["caption"] == "s" and run.summary["molecule"]["caption"] == "m"


def test_the_example_of_the_reference_runs(run):
    run.log(
        {
            "im": runstone.Image(np.zeros((4, 6, 3), np.uint8), caption="c"),
            "h": runstone.Histogram([1, 2, 3, 4], num_bins=4),
            "w": runstone.Html("<b>hi</b>", inject=False),
        }
    )
    assert run.summary["im"]["_type"] == "image-file" and run.summary["h"]["values"] == [1, 1, 1, 1]


def wrong_inputs():
    black = np.zeros((4, 6, 3), np.uint8)
    image, video, histogram = runstone.Image, runstone.Video, runstone.Histogram
    yield "two channels", lambda: image(np.zeros((4, 6, 2))), ValueError, "Un-supported shape"
    yield "a list as pixels", lambda: image([[1, 2]]), TypeError, "an array"
    yield "None as pixels", lambda: image(None), TypeError, "an array"
    yield "text as pixels", lambda: image(np.array([["a"]])), TypeError, "numbers"
    yield "a file type", lambda: image(black, file_type="tiff"), ValueError, "png, jpg, jpeg or bmp"
    yield "a missing image", lambda: image("/no/such.png"), FileNotFoundError, "no such file"
    yield "an address", lambda: image("s3://bucket/a.png"), ValueError, "artifact"
    yield "boxes as a list", lambda: image(black, boxes=[1]), ValueError, "dictionary"
    yield (
        "a box without place",
        lambda: image(black, boxes={"p": {"box_data": [{"class_id": 1}]}}),
        TypeError,
        "position",
    )
    yield "masks as a list", lambda: image(black, masks=[1]), ValueError, "dictionary"
    yield (
        "a mask of floats",
        lambda: image(black, masks={"m": {"mask_data": np.full((4, 6), 0.5)}}),
        TypeError,
        "integers",
    )
    yield (
        "a mask of many classes",
        lambda: image(black, masks={"m": {"mask_data": np.full((4, 6), 300)}}),
        TypeError,
        "from 0 to 255, not 300",
    )
    yield (
        "a dict of boxes",
        lambda: image(black, boxes={"p": {"box_data": {}}}),
        TypeError,
        "boxes.p needs a list box_data",
    )
    yield (
        "a class of text",
        lambda: image(black, boxes={"p": {"box_data": [], "class_labels": {"x": "a"}}}),
        TypeError,
        "class id must be an int, not 'x'",
    )
    yield (
        "a class without text",
        lambda: image(black, masks={"m": {"mask_data": np.zeros((4, 6), int), "class_labels": {1: 2}}}),
        TypeError,
        r"class_labels\[1\] must be a str",
    )
    yield "a grouping", lambda: image(black, grouping="x"), TypeError, "grouping must be an int"
    yield (
        "a file type of bytes",
        lambda: image(black, file_type=b"png"),
        ValueError,
        "file_type must be a str",
    )
    yield "a mode", lambda: image(black, mode="XYZ"), ValueError, "of mode 'XYZ'"
    yield "a caption", lambda: image(black, caption=[3]), TypeError, "caption must be a str, not list"
    yield "half a character", lambda: image(black, caption="\ud800"), ValueError, "caption must be text"
    yield "half a character on a page", lambda: runstone.Html("\ud800"), ValueError, "UTF-8"
    yield "a video of 3 axes", lambda: video(np.zeros((3, 4, 6), np.uint8)), ValueError, "4 axes"
    yield "a video of a list", lambda: video([1]), ValueError, "array"
    yield (
        "a video format",
        lambda: video(np.zeros((3, 3, 4, 6), np.uint8), format="avi"),
        ValueError,
        "gif, mp4",
    )
    yield "a video format of no text", lambda: video(np.zeros((3, 3, 4, 6)), format=3), ValueError, "format"
    yield "fps", lambda: video(np.zeros((3, 3, 4, 6), np.uint8), fps="x"), TypeError, "fps must be a number"
    yield "bytes of no format", lambda: video(io.BytesIO(b"x")), ValueError, "format"
    yield "a video's extension", lambda: video("a.avi"), ValueError, ".mp4"
    yield "a missing video", lambda: video("a.mp4"), FileNotFoundError, "no such file"
    yield "samples of no rate", lambda: runstone.Audio([0.0]), ValueError, "sample_rate"
    yield "a rate of text", lambda: runstone.Audio([0.0], "x"), TypeError, "sample_rate must be an int"
    yield "a rate of 0", lambda: runstone.Audio([0.0], 0), ValueError, "sample_rate must be 1 to"
    yield "a sound's address", lambda: runstone.Audio("https://host/a.wav"), ValueError, "artifact"
    yield "samples of 3 axes", lambda: runstone.Audio(np.zeros((2, 2, 2)), 8000), ValueError, "axes"
    yield "a missing sound", lambda: runstone.Audio("a.wav"), FileNotFoundError, "no such file"
    yield "NaN", lambda: histogram([1.0, float("nan")]), ValueError, "finite"
    yield "513 bins", lambda: histogram([1, 2], num_bins=513), ValueError, "512"
    yield "edges that do not fit", lambda: histogram(np_histogram=([1, 2], [1, 2])), ValueError, "edge"
    yield "three parts", lambda: histogram(np_histogram=([1], [1, 2], 3)), ValueError, "tuple"
    yield "no values", lambda: histogram(), ValueError, "sequence"
    yield "texts", lambda: histogram(["a"]), ValueError, "numbers"
    yield "points of 5", lambda: runstone.Object3D(np.zeros((2, 5))), ValueError, "n x 3"
    yield "another scene", lambda: runstone.Object3D({"type": "other"}), ValueError, "lidar/beta"
    yield "a mesh's extension", lambda: runstone.Object3D("a.xyz"), ValueError, ".obj"
    for wrong in (".obj", "a.obj", "xyz", "", 3):
        mesh = io.StringIO(MESH)
        yield (
            f"a mesh's file type {wrong!r}",
            lambda m=mesh, w=wrong: runstone.Object3D(m, file_type=w),
            ValueError,
            "file_type",
        )
        yield (
            f"a molecule's file type {wrong!r}",
            lambda m=mesh, w=wrong: runstone.Molecule(m, file_type=w),
            ValueError,
            "file_type",
        )
    yield (
        "no points",
        lambda: runstone.Object3D.from_point_cloud(None, []),
        TypeError,
        "points must be a list",
    )
    yield "a path as points", lambda: runstone.Object3D.from_numpy("a.obj"), ValueError, "array"
    yield "a nameless mesh", lambda: runstone.Object3D(io.StringIO(MESH)), ValueError, "file type"
    yield "a page of bytes", lambda: runstone.Html(3), ValueError, "open file"
    yield "a molecule's extension", lambda: runstone.Molecule("a.xyz"), ValueError, ".pdb"
    yield "a nameless molecule", lambda: runstone.Molecule(io.StringIO("")), ValueError, "file_type"
    yield "a figure", lambda: runstone.Plotly(3), ValueError, "plotly"
    yield "rdkit", lambda: runstone.Molecule.from_smiles("C"), runstone.Error, "rdkit"


@pytest.mark.parametrize("make, kind, words", [pytest.param(*row[1:], id=row[0]) for row in wrong_inputs()])
def test_ME2_wrong_input_is_refused_and_the_run_goes_on(run, make, kind, words):
    with pytest.raises(kind, match=words):
        run.log({"loss": 1, "media": make()})
    assert run.step == 0
    run.log({"loss": 1})
    assert run.step == 1 and run.summary["loss"] == 1


def test_ME3_lists_have_the_batch_form(run, tmp_path):
    (tmp_path / "mesh.obj").write_text(MESH)
    (tmp_path / "m.pdb").write_text("ATOM\n")
    frames = np.zeros((2, 3, 4, 6), np.uint8)
    run.log(
        {
            "images": [runstone.Image(np.zeros((4, 6)), caption="a"), runstone.Image(np.ones((4, 6)))],
            "bare": [runstone.Image(np.zeros((4, 6))), runstone.Image(np.ones((4, 6)), caption="late")],
            "videos": [runstone.Video(frames, format="gif", caption="v")],
            "sounds": [runstone.Audio([0.0, 0.5], 2), runstone.Audio([0.0], 4, caption="x")],
            "pages": [runstone.Html("a"), runstone.Html("b")],
            "meshes": [runstone.Object3D(open(tmp_path / "mesh.obj"))],
            "molecules": [runstone.Molecule(tmp_path / "m.pdb")],
            "mixed": [runstone.Html("c"), runstone.Image(np.zeros((4, 6)))],
            "counts": [runstone.Histogram([1, 2], num_bins=2), runstone.Histogram([1], num_bins=1)],
        }
    )
    s = run.summary
    images = s["images"]
    assert (
        images["_type"] == "images/separated" and images["count"] == 2 and images["captions"] == ["a", None]
    )
    assert (images["width"], images["height"], images["format"]) == (6, 4, "png")
    assert all(Path(run.dir, name).is_file() for name in images["filenames"])
    assert "captions" not in s["bare"]
    assert s["videos"]["_type"] == "videos" and s["videos"]["captions"] == ["v"]
    assert s["videos"]["videos"][0]["_type"] == "video-file"
    assert (s["sounds"]["sampleRates"], s["sounds"]["durations"]) == ([2, 4], [1.0, 0.25])
    assert s["sounds"]["captions"] == ["", "x"] and s["sounds"]["count"] == 2
    assert s["pages"]["_type"] == "html" and len(s["pages"]["html"]) == 2
    assert s["meshes"]["filenames"][0].startswith("meshes_0_") and s["meshes"]["objects"][0]["path"].endswith(
        ".obj"
    )
    assert s["molecules"]["captions"] is False and s["molecules"]["filenames"][0].startswith(
        "media/molecule/"
    )
    assert [part["_type"] for part in s["mixed"]] == ["html-file", "image-file"]
    assert [part["values"] for part in s["counts"]] == [[1, 1], [1]]
    assert {part["_type"] for part in s["counts"]} == {"histogram"}
    parts = [*s["videos"]["videos"], *s["sounds"]["audio"], *s["pages"]["html"], *s["meshes"]["objects"]]
    for part in [*parts, *s["mixed"]]:
        check_file(run, part)
    assert [s[key]["count"] for key in ("videos", "pages", "meshes", "molecules")] == [1, 2, 1, 1]


def test_ME3_a_list_of_images_holds_at_most_108(offline, capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = offline()
    tiny = [runstone.Image(np.full((1, 1), i, np.uint8)) for i in range(110)]
    run.log({"many": tiny})
    assert run.summary["many"]["count"] == 108 and len(run.summary["many"]["filenames"]) == 108
    assert "108" in capfd.readouterr().err


def test_what_is_changed_or_ignored_is_told(offline, capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = offline()
    frames = np.zeros((2, 3, 4, 6), np.uint8)
    run.log({"v": runstone.Video(frames)})
    assert run.summary["v"]["path"].endswith(".gif") and "gif" in capfd.readouterr().err
    runstone.Video(frames.astype(float), format="gif")
    assert "float64 is converted to uint8" in capfd.readouterr().err
    runstone.Video(io.BytesIO(b"GIF89a"), format="gif", fps=3)
    assert "fps" in capfd.readouterr().err
    run.log({"i": runstone.Image(np.zeros((4, 6, 4), np.uint8), file_type="jpg")})
    assert "alpha" in capfd.readouterr().err.lower()
    runstone.Video(frames, format="gif", fps=3)
    run.log({"i": runstone.Image(np.zeros((4, 6, 4), np.uint8))})
    assert "WARNING" not in capfd.readouterr().err


def test_ME4_nested_values_and_keys_with_slashes(run):
    image = np.zeros((4, 6), np.uint8)
    run.log(
        {
            "a": {"img": runstone.Image(image)},
            "s/l": runstone.Image(image),
            "../up": runstone.Image(image),
            "/t//./u": runstone.Image(image),
        }
    )
    assert run.summary["a"]["img"]["path"].startswith("media/images/img_0_")
    assert run.summary["s/l"]["path"].startswith("media/images/s/l_0_")
    assert run.summary["../up"]["path"].startswith("media/images/__/up_0_")
    assert run.summary["/t//./u"]["path"].startswith("media/images/t/_/u_0_")
    for value in (run.summary["a"]["img"], run.summary["s/l"], run.summary["../up"], run.summary["/t//./u"]):
        check_file(run, value)


@pytest.mark.parametrize(
    "shape, expected",
    [
        ((4, 6), (4, 6)),
        ((4, 6, 1), (4, 6)),
        ((4, 6, 3), (4, 6, 3)),
        ((4, 6, 4), (4, 6, 4)),
        ((1, 4, 6), (4, 6)),
    ],
)
def test_every_array_form_keeps_its_pixels(run, shape, expected):
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    run.log({"i": runstone.Image(array)})
    stored = pixels_of(check_file(run, run.summary["i"]))
    assert stored.shape == expected and np.array_equal(stored, array.reshape(expected))


def test_values_are_cast_without_scaling(run):
    run.log(
        {
            "f": runstone.Image(np.array([[0.7, 300.0, -1.0, np.nan]])),
            "i": runstone.Image(np.array([[300, -1]])),
        }
    )
    assert pixels_of(check_file(run, run.summary["f"])).tolist() == [[0, 44, 255, 0]]
    assert pixels_of(check_file(run, run.summary["i"])).tolist() == [[44, 255]]


def test_file_types_modes_and_files_as_they_are(run, tmp_path):
    from PIL import Image as Pil

    noise = np.random.default_rng(2).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    Pil.fromarray(noise[:, :, :3]).save(tmp_path / "own.jpg")
    Pil.fromarray(noise[:9, :, :3]).save(tmp_path / "own.tiff")
    run.log(
        {
            "bmp": runstone.Image(noise[:, :, :3], file_type="bmp"),
            "jpg": runstone.Image(noise, file_type="jpg"),
            "gray": runstone.Image(noise, mode="L"),
            "own": runstone.Image(tmp_path / "own.jpg"),
            "tiff": runstone.Image(tmp_path / "own.tiff"),
            "pil": Pil.fromarray(noise[:, :, :3]),
            "palette": runstone.Image(Pil.new("P", (3, 2))),
            "copy": runstone.Image(runstone.Image(noise, caption="c")),
        }
    )
    s = run.summary
    assert np.array_equal(pixels_of(check_file(run, s["bmp"])), noise[:, :, :3])
    assert pixels_of(check_file(run, s["jpg"])).shape == (16, 16, 3) and s["jpg"]["path"].endswith(".jpg")
    assert pixels_of(check_file(run, s["gray"])).shape == (16, 16)
    assert check_file(run, s["own"]) == (tmp_path / "own.jpg").read_bytes() and s["own"]["width"] == 16
    tiff = check_file(run, s["tiff"])
    assert tiff == (tmp_path / "own.tiff").read_bytes() and s["tiff"]["path"].endswith(".tiff")
    assert (s["tiff"]["width"], s["tiff"]["height"], s["tiff"]["format"]) == (16, 9, "tiff")
    assert np.array_equal(pixels_of(check_file(run, s["pil"])), noise[:, :, :3])
    assert pixels_of(check_file(run, s["palette"])).shape == (2, 3, 3)
    assert np.array_equal(pixels_of(check_file(run, s["copy"])), noise) and s["copy"]["caption"] == "c"


def test_boxes_and_masks_follow_the_picture(run):
    boxes = {
        "pred": {
            "box_data": [
                {
                    "position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4},
                    "class_id": 1,
                    "scores": {"acc": 0.5},
                },
                {"position": {"middle": [3, 4], "width": 2, "height": 2}, "domain": "pixel", "class_id": 0},
            ],
            "class_labels": {0: "a", 1: "b"},
        }
    }
    masks = {"truth": {"mask_data": np.ones((4, 6), int), "class_labels": {1: "road"}}}
    run.log({"k": runstone.Image(np.zeros((4, 6)), boxes=boxes, masks=masks)})
    value = run.summary["k"]
    stored = json.loads(check_file(run, value["boxes"]["pred"]))
    assert stored["box_data"] == boxes["pred"]["box_data"] and stored["class_labels"] == {"0": "a", "1": "b"}
    assert value["boxes"]["pred"]["_type"] == "boxes2D"
    assert pixels_of(check_file(run, value["masks"]["truth"])).tolist() == [[1] * 6] * 4
    private = run._config_all_with_private()["_wandb"]
    assert private["mask/class_labels"]["k_wandb_delimeter_truth"]["value"] == {"1": "road"}
    assert private["bounding_box/class_labels"]["k_wandb_delimeter_pred"]["key"] == "k_wandb_delimeter_pred"


def test_boxes_and_masks_are_what_detectors_give(run):
    """Scalars and arrays of numpy, tensors of another module, floats that are whole numbers, None for absent."""
    box = {
        "position": {"middle": np.array([3.0, 4.0]), "width": np.float32(2), "height": np.int64(2)},
        "class_id": np.int64(1),
        "scores": {"acc": np.float32(0.5)},
        "domain": None,
    }
    boxes = {"p": {"box_data": (box,), "class_labels": {np.int64(1): "b"}}}
    masks = {"m": {"mask_data": np.ones((4, 6))}}
    run.log({"k": runstone.Image(np.zeros((4, 6)), boxes=boxes, masks=masks)})
    stored = json.loads(check_file(run, run.summary["k"]["boxes"]["p"]))
    assert stored["box_data"] == [
        {
            "position": {"middle": [3, 4], "width": 2, "height": 2},
            "class_id": 1,
            "scores": {"acc": 0.5},
        }
    ]
    assert stored["class_labels"] == {"1": "b"}
    assert pixels_of(check_file(run, run.summary["k"]["masks"]["m"])).tolist() == [[1] * 6] * 4


def test_a_number_is_a_caption_and_a_copy_keeps_its_group(run):
    """A sample's class is passed as it is in many programs."""
    image = runstone.Image(np.zeros((1, 1, 3), np.uint8), caption=np.int64(7), grouping=3)
    run.log(
        {"one": image, "copy": runstone.Image(image), "html": [runstone.Audio([0.0], 8000.0, caption=2.5)]}
    )
    assert (run.summary["one"]["caption"], run.summary["one"]["grouping"]) == ("7", 3)
    assert (run.summary["one"]["width"], run.summary["one"]["height"]) == (1, 1)
    assert (run.summary["copy"]["caption"], run.summary["copy"]["grouping"]) == ("7", 3)
    assert run.summary["html"]["captions"] == ["2.5"]


def test_an_array_of_media_is_refused_with_what_to_do(run):
    for count in (1, 2, 40):
        images = np.empty(count, object)
        images[:] = [runstone.Image(np.zeros((4, 6))) for _ in range(count)]
        with pytest.raises(runstone.errors.InvalidDataError, match="log a list of them"):
            run.log({"images": images})
    assert run.step == 0


def test_videos_are_read_back_by_a_player(run):
    from PIL import Image as Pil

    frames = np.random.default_rng(3).integers(0, 256, (10, 3, 100, 100), dtype=np.uint8)
    run.log({"gif": runstone.Video(frames, fps=4), "mp4": runstone.Video(frames, fps=8, format="mp4")})
    gif = Pil.open(io.BytesIO(check_file(run, run.summary["gif"])))
    assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (10, (100, 100), 250, 0)
    assert b"ftyp" in check_file(run, run.summary["mp4"])[:16]


def test_a_batch_of_videos_is_a_grid(run):
    batch = np.zeros((3, 2, 3, 4, 6), np.uint8)
    run.log({"grid": runstone.Video(batch, format="gif")})
    assert (run.summary["grid"]["width"], run.summary["grid"]["height"]) == (24, 4)


def test_without_ffmpeg_the_error_says_what_to_install(run, monkeypatch):
    monkeypatch.setenv("RUNSTONE_FFMPEG", "/no/such/ffmpeg")
    with pytest.raises(runstone.Error, match="ffmpeg"):
        run.log({"loss": 1, "v": runstone.Video(np.zeros((2, 3, 4, 6), np.uint8), format="mp4")})
    assert run.step == 0


def test_sound_is_16_bit_pcm(run):
    run.log({"a": runstone.Audio(np.array([0.0, 0.5, -1.0, 2.0]), sample_rate=8000)})
    wav = check_file(run, run.summary["a"])
    channels, rate = struct.unpack_from("<HI", wav, 22)
    assert (channels, rate) == (1, 8000)
    assert struct.unpack_from("<4h", wav, 44) == (0, 16384, -32768, 32767)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint8", "bool"])
def test_a_histogram_is_numpys(dtype):
    values = np.random.default_rng(4).normal(0, 20, (50, 200)).astype(dtype)
    made = runstone.Histogram(values, num_bins=37)
    as_counted = values.astype({"float16": "float32", "bool": "int64"}.get(dtype, dtype))
    counts, edges = np.histogram(as_counted, bins=37)
    assert made.histogram == counts.tolist() and np.allclose(made.bins, edges, rtol=1e-6)


def test_A6_a_normal_array_has_64_values_and_65_bins(run):
    run.log({"h": runstone.Histogram(np.random.default_rng(5).normal(size=(100, 100)))})
    assert len(run.summary["h"]["values"]) == 64 and len(run.summary["h"]["bins"]) == 65


def test_an_html_head_is_injected_where_it_belongs(run, tmp_path):
    (tmp_path / "page.html").write_text("<html><head><title>t</title></head><p>x</p></html>")
    run.log(
        {
            "file": runstone.Html(str(tmp_path / "page.html")),
            "bare": runstone.Html("<p>"),
            "io": runstone.Html(io.StringIO("<html>x")),
        }
    )
    assert check_file(run, run.summary["file"]).startswith(b'<html><head><base target="_blank"><style>')
    assert check_file(run, run.summary["bare"]).startswith(b"<base")
    assert check_file(run, run.summary["io"]).startswith(b"<html><head><base")
    assert b"http" not in check_file(run, run.summary["bare"])


def test_points_scenes_and_boxes_in_three_dimensions(run):
    box = runstone.box3d(
        center=(0, 0, 0), size=(2, 2, 2), orientation=(1, 0, 0, 0), color=(255, 0, 0), label="b"
    )
    assert sorted(box["corners"]) == sorted((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1))
    run.log(
        {
            "points": runstone.Object3D(np.array([[1, 2, 3], [4, 5, 6.5]])),
            "scene": runstone.Object3D.from_point_cloud(points=[(1, 2, 3)], boxes=[box]),
        }
    )
    assert json.loads(check_file(run, run.summary["points"])) == [[1, 2, 3], [4, 5, 6.5]]
    scene = json.loads(check_file(run, run.summary["scene"]))
    assert scene["type"] == "lidar/beta" and len(scene["boxes"][0]["corners"]) == 8 and scene["vectors"] == []


def test_A10_a_figure_of_matplotlib_is_plotlys_and_one_with_a_picture_is_a_png(run):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, 1, 4])
    picture, other = plt.subplots()
    other.imshow(np.zeros((4, 6)))
    empty = plt.figure()
    run.log(
        {"chart": figure, "axes": axes, "picture": picture, "empty": empty, "png": runstone.Image(figure)}
    )
    assert run.summary["chart"]["_type"] in ("plotly-file", "image-file")
    assert (
        run.summary["picture"]["_type"]
        == run.summary["empty"]["_type"]
        == run.summary["png"]["_type"]
        == "image-file"
    )
    assert pixels_of(check_file(run, run.summary["png"])).shape == (480, 640, 4)
    plt.close("all")


def test_a_figure_of_plotly_is_its_json(run):
    import plotly.graph_objects as go

    run.log({"p": go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))})
    assert run.summary["p"]["path"].endswith(".plotly.json")
    assert json.loads(check_file(run, run.summary["p"]))["data"][0]["type"] == "scatter"


def test_media_in_the_summary_by_hand(run):
    run.summary["best"] = runstone.Image(np.zeros((4, 6)))
    assert run.summary["best"]["path"].startswith("media/images/best_summary_")
    check_file(run, run.summary["best"])


def test_a_list_of_media_and_numbers_is_refused(run):
    with pytest.raises(runstone.errors.InvalidDataError, match="list of media"):
        run.log({"x": [runstone.Html("a"), 1]})
    assert run.step == 0


def test_other_threads_run_while_media_are_encoded(run, tmp_path, monkeypatch):
    """The encoder ends only once another Python thread has answered it."""
    import os
    import threading

    encoder = tmp_path / "encoder.sh"
    encoder.write_text(
        """#!/bin/bash
        touch started
        for i in $(seq 200); do [ -e answered ] && break; sleep 0.05; done
        [ -e answered ] || exit 1
        cat > /dev/null
        echo video > "${!#}"
        """
    )
    encoder.chmod(0o755)
    monkeypatch.setenv("RUNSTONE_FFMPEG", str(encoder))

    def answer():
        while not os.path.exists("started"):
            pass
        Path("answered").touch()

    other = threading.Thread(target=answer, daemon=True)
    other.start()
    run.log({"v": runstone.Video(np.zeros((2, 3, 4, 6), np.uint8), format="mp4")})
    assert check_file(run, run.summary["v"]) == b"video\n"
    other.join(10)


def test_a_file_that_vanishes_costs_only_itself(run, tmp_path):
    path = tmp_path / "own.html"
    path.write_text("<p>")
    page = runstone.Html(path, inject=False)
    path.unlink()
    run.log({"loss": 0.5, "page": page})
    assert run.summary["loss"] == 0.5 and "page" not in run.summary
    assert run._finish(None)["lost_media"] == 1
