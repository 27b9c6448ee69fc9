import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuner.data import Box, BrokenFilesError, Dataset, open_dataset
from tuner.data.splits import split


def image(path: Path, width: int = 100, height: int = 50) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)


def voc(boxes: list[tuple[str, int, int, int, int]]) -> str:
    objects = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax>"
        f"<ymax>{y + h}</ymax></bndbox></object>"
        for label, x, y, w, h in boxes
    )
    return f"<annotation><filename>anything.jpg</filename>{objects}</annotation>"


def voc_folder(folder: Path) -> Path:
    for name in ("a", "b", "c"):
        image(folder / "JPEGImages" / f"{name}.jpg")
        (folder / "Annotations").mkdir(exist_ok=True)
        (folder / "Annotations" / f"{name}.xml").write_text(voc([("cell", 10, 20, 30, 10)]))
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "test.txt").write_text("c\n")
    return folder


def yolo_folder(folder: Path) -> Path:
    for split_name, name in (("train", "a"), ("train", "b"), ("val", "c")):
        image(folder / "images" / split_name / f"{name}.jpg")
        (folder / "labels" / split_name).mkdir(parents=True, exist_ok=True)
    (folder / "labels" / "train" / "a.txt").write_text("1 0.25 0.5 0.3 0.2\n")
    (folder / "labels" / "val" / "c.txt").write_text("0 0.25 0.5 0.3 0.2\n")
    (folder / "data.yaml").write_text("names: [nut, bolt]\n")
    return folder


def coco(boxes: list[list[float]], images: tuple[str, ...] = ("a.jpg", "b.jpg")) -> str:
    return json.dumps(
        {
            "images": [{"id": n, "file_name": name, "width": 100, "height": 50} for n, name in enumerate(images)],
            "annotations": [{"id": n, "image_id": 0, "category_id": 7, "bbox": box} for n, box in enumerate(boxes)],
            "categories": [{"id": 7, "name": "cell"}],
        }
    )


def coco_folder(folder: Path) -> Path:
    for name in ("a", "b"):
        image(folder / "train" / f"{name}.jpg")
    image(folder / "valid" / "c.jpg")
    (folder / "train" / "_annotations.coco.json").write_text(coco([[10, 20, 30, 10]]))
    (folder / "valid" / "_annotations.coco.json").write_text(coco([[10, 20, 30, 10]], ("c.jpg",)))
    return folder


def edge_impulse_folder(folder: Path) -> Path:
    for split_name, name in (("training", "a"), ("training", "b"), ("testing", "c")):
        image(folder / split_name / f"{name}.jpg")
    box = {"label": "cell", "x": 10, "y": 20, "width": 30, "height": 10}
    for split_name, said in (("training", {"a.jpg": [box], "b.jpg": []}), ("testing", {"c.jpg": [box]})):
        document = {"version": 1, "type": "bounding-box-labels", "boundingBoxes": said}
        (folder / split_name / "bounding_boxes.labels").write_text(json.dumps(document))
    return folder


def boxes(dataset: Dataset) -> dict[str, tuple[Box, ...] | None]:
    return {Path(r.path).stem: r.boxes for r in dataset.recordings}


def splits(dataset: Dataset) -> dict[str, str]:
    return {Path(r.path).stem: r.split for r in dataset.recordings}


CELL = Box("cell", 10, 20, 30, 10)


def test_voc_boxes_are_in_pixels_and_lists_are_splits(tmp_path: Path) -> None:
    dataset = open_dataset(voc_folder(tmp_path))

    assert dataset.task == "detection"
    assert dataset.labels == ("cell",)
    assert boxes(dataset) == {"a": (CELL,), "b": (CELL,), "c": (CELL,)}
    assert splits(dataset) == {"a": "", "b": "", "c": "test"}
    assert dataset.ignored == ()


def test_yolo_boxes_are_shares_around_a_centre(tmp_path: Path) -> None:
    dataset = open_dataset(yolo_folder(tmp_path))

    (box,) = boxes(dataset)["a"] or ()
    assert box.label == "bolt"
    assert (box.x, box.y, box.width, box.height) == pytest.approx((10, 20, 30, 10))
    assert boxes(dataset)["b"] == ()
    assert splits(dataset) == {"a": "train", "b": "train", "c": "validation"}
    assert dataset.ignored == ()


def test_coco_boxes_and_images_without(tmp_path: Path) -> None:
    dataset = open_dataset(coco_folder(tmp_path))

    assert boxes(dataset) == {"a": (CELL,), "b": (), "c": (CELL,)}
    assert splits(dataset) == {"a": "train", "b": "train", "c": "validation"}
    assert dataset.ignored == ()


def test_edge_impulse_boxes(tmp_path: Path) -> None:
    dataset = open_dataset(edge_impulse_folder(tmp_path))

    assert boxes(dataset) == {"a": (CELL,), "b": (), "c": (CELL,)}
    assert splits(dataset) == {"a": "train", "b": "train", "c": "test"}
    assert dataset.ignored == ()


@pytest.mark.parametrize("make", [voc_folder, yolo_folder, coco_folder, edge_impulse_folder])
def test_an_image_that_cannot_be_decoded_is_named(make: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = make(tmp_path)
    bad = next(path for path in sorted(folder.rglob("*.jpg")) if path.stem == "a")
    bad.write_bytes(b"no image")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == [bad.relative_to(folder).as_posix()]
    assert len(open_dataset(folder, skip_bad=True).recordings) == 2


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (
            voc([("cell", 90, 20, 30, 10)]),
            r"box 0 \('cell', x 90 to 120, y 20 to 30\) reaches outside the image of 100 × 50",
        ),
        (voc([("cell", 10, 20, 0, 10)]), "has no area"),
        (voc([("", 10, 20, 5, 10)]), "has no label"),
    ],
)
def test_a_box_that_cannot_be_is_named_with_its_image(written: str, found: str, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path)
    (folder / "Annotations" / "a.xml").write_text(written)

    with pytest.raises(BrokenFilesError, match=f"JPEGImages/a.jpg: .*{found}"):
        open_dataset(folder)


def test_a_box_a_pixel_over_the_edge_is_cut_to_the_image(tmp_path: Path) -> None:
    folder = voc_folder(tmp_path)
    (folder / "Annotations" / "a.xml").write_text(voc([("cell", 90, 20, 11, 31)]))

    assert boxes(open_dataset(folder))["a"] == (Box("cell", 90, 20, 10, 30),)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("<annotation><object>", "is not XML"),
        ("<html/>", "is XML with the root 'html', expected 'annotation'"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "declares entities, which are not read"),
        ("<annotation><object><name>a</name></object></annotation>", "expected four numbers"),
    ],
)
def test_broken_xml_is_named_and_so_is_its_image(content: str, found: str, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path)
    (folder / "Annotations" / "a.xml").write_text(content)

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == ["Annotations/a.xml", "JPEGImages/a.jpg"]
    assert found in error.value.problems[0].found


def test_images_and_annotations_without_each_other_are_named(tmp_path: Path) -> None:
    folder = voc_folder(tmp_path)
    (folder / "Annotations" / "a.xml").rename(folder / "Annotations" / "z.xml")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [str(problem) for problem in error.value.problems] == [
        "z.jpg: is annotated, but there is no such image",
        "JPEGImages/a.jpg: has no annotation",
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("2 0.5 0.5 0.1 0.1", "line 1 has class 2, but there are 2 names of classes"),
        ("0 0.5 0.5 0.1", "line 1 is '0 0.5 0.5 0.1', expected a class number and four numbers"),
        ("nut 0.5 0.5 0.1 0.1", "expected a class number and four numbers"),
    ],
)
def test_a_broken_line_of_yolo_is_named(line: str, found: str, tmp_path: Path) -> None:
    folder = yolo_folder(tmp_path)
    (folder / "labels" / "train" / "a.txt").write_text(line)

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == ["labels/train/a.txt", "images/train/a.jpg"]
    assert found in error.value.problems[0].found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (coco([[1, 2, 3]]), r"annotation 0 has the box \[1, 2, 3\], expected four numbers"),
        (
            coco([[1, 2, 3, 4]]).replace('"category_id": 7', '"category_id": 8'),
            "annotation 0 has the unknown category 8",
        ),
        (coco([[1, 2, 3, 4]]).replace('"image_id": 0', '"image_id": 9'), "annotates images that it does not list: 9"),
        (coco([[1, 2, 3, 4]]).replace('"file_name"', '"name"'), "is not in the form of COCO: KeyError: 'file_name'"),
        ('{"images": [], "annotations": [', "is not JSON"),
    ],
)
def test_broken_coco_is_named(content: str, found: str, tmp_path: Path) -> None:
    folder = coco_folder(tmp_path)
    (folder / "train" / "_annotations.coco.json").write_text(content)

    with pytest.raises(BrokenFilesError, match=found):
        open_dataset(folder)


def test_blood_cells_keep_their_split_and_two_boxes_without_area_are_named(shared: Path) -> None:
    with pytest.raises(BrokenFilesError, match="2 problems in 2 files"):
        open_dataset(shared / "datasets" / "detect_bccd")

    dataset = open_dataset(shared / "datasets" / "detect_bccd", skip_bad=True)

    assert dataset.labels == ("Platelets", "RBC", "WBC")
    assert len(dataset.recordings) == 362
    assert len(dataset.skipped) == 2
    made = split(dataset)
    assert set(made.test) == {r.id for r in dataset.recordings if r.split == "test"}
