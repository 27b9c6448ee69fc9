"""Small valid data sets of every format, and ways to break their files."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tuner.data import Dataset

Make = Callable[[Path], dict[str, Any]]


def make_csv(folder: Path) -> dict[str, Any]:
    for label, n, values in _recordings():
        rows = "\n".join(",".join(f"{value:.4f}" for value in row) for row in values)
        _file(folder / label / f"{n}.csv").write_text(f"x,y,z\n{rows}\n")
    return {"frequency": 50}


def make_table(folder: Path) -> dict[str, Any]:
    rows = ["id,label,time_ms,x,y,z"]
    for label, n, values in _recordings():
        rows += [f"{label}{n},{label},{20 * i},{','.join(f'{v:.4f}' for v in row)}" for i, row in enumerate(values)]
    _file(folder / "all.csv").write_text("\n".join(rows) + "\n")
    _file(folder / "more.csv").write_text("\n".join(rows).replace("run", "jump") + "\n")
    return {}


def make_parquet(folder: Path) -> dict[str, Any]:
    import pandas as pd

    for label, n, values in _recordings():
        pd.DataFrame(values, columns=["x", "y", "z"]).to_parquet(_file(folder / label / f"{n}.parquet"))
    return {"frequency": 50}


def make_npz(folder: Path) -> dict[str, Any]:
    for name in ("a", "b"):
        _, _, values = zip(*_recordings(), strict=True)
        np.savez_compressed(_file(folder / f"{name}.npz"), x=np.stack(values), y=[0, 0, 1, 1], axes=["x", "y", "z"])
    return {"frequency": 50}


def make_npy(folder: Path) -> dict[str, Any]:
    for label, n, values in _recordings():
        np.save(_file(folder / label / f"{n}.npy"), values)
    return {"frequency": 50}


def make_ts(folder: Path) -> dict[str, Any]:
    for part in ("TRAIN", "TEST"):
        rows = [
            f"{':'.join(','.join(f'{v:.3f}' for v in axis) for axis in values.T)}:{label}"
            for label, _, values in _recordings()
        ]
        head = "@problemName Moves\n@timeStamps false\n@classLabel true run walk\n@data\n"
        _file(folder / f"Moves_{part}.ts").write_text(head + "\n".join(rows) + "\n")
    return {"frequency": 50}


def make_sound(ending: str) -> Make:
    def make(folder: Path) -> dict[str, Any]:
        import soundfile

        for label, n, values in _recordings():
            soundfile.write(_file(folder / label / f"{n}.{ending}"), np.tanh(np.tile(values[:, 0], 10)) / 2, 8000)
        return {}

    return make


def make_images(ending: str) -> Make:
    def make(folder: Path) -> dict[str, Any]:
        for label, n, _ in _recordings():
            _file(folder / label / f"{n}.{ending}").write_bytes(_image(ending))
        return {}

    return make


def make_edge_impulse(folder: Path) -> dict[str, Any]:
    import cbor2

    files = []
    for label, n, values in _recordings():
        payload = {"interval_ms": 20, "sensors": [{"name": axis} for axis in "xyz"], "values": values.tolist()}
        document = {"protected": {"ver": "v1"}, "signature": "0", "payload": payload}
        path = f"{'testing' if n else 'training'}/{label}{n}.{'cbor' if n else 'json'}"
        _file(folder / path).write_bytes(cbor2.dumps(document) if n else json.dumps(document).encode())
        files.append({"path": path, "category": path.partition("/")[0], "label": {"type": "label", "label": label}})
    (folder / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    return {}


def make_voc(folder: Path) -> dict[str, Any]:
    for label, n, _ in _recordings():
        _file(folder / "JPEGImages" / f"{label}{n}.jpg").write_bytes(_image("jpg"))
        box = "<xmin>2</xmin><ymin>3</ymin><xmax>20</xmax><ymax>12</ymax>"
        written = f"<annotation><object><name>{label}</name><bndbox>{box}</bndbox></object></annotation>"
        _file(folder / "Annotations" / f"{label}{n}.xml").write_text(written)
    return {}


def make_coco(folder: Path) -> dict[str, Any]:
    images, annotations = [], []
    for index, (label, n, _) in enumerate(_recordings()):
        _file(folder / "train" / f"{label}{n}.png").write_bytes(_image("png"))
        images.append({"id": index, "file_name": f"{label}{n}.png"})
        annotations.append({"id": index, "image_id": index, "category_id": index % 2, "bbox": [2, 3, 18, 9]})
    categories = [{"id": index, "name": name} for index, name in enumerate(("nut", "bolt"))]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "train" / "annotations.json").write_text(json.dumps(document))
    return {}


def make_yolo(folder: Path) -> dict[str, Any]:
    for label, n, _ in _recordings():
        _file(folder / "images" / f"{label}{n}.png").write_bytes(_image("png"))
        _file(folder / "labels" / f"{label}{n}.txt").write_text(f"{n} 0.4 0.4 0.3 0.2\n0 0.5 0.5 0.5 0.5\n")
    (folder / "data.yaml").write_text("names: [nut, bolt]\n")
    return {}


FORMATS: dict[str, Make] = {
    "csv": make_csv,
    "table": make_table,
    "parquet": make_parquet,
    "npz": make_npz,
    "npy": make_npy,
    "ts": make_ts,
    "wav": make_sound("wav"),
    "flac": make_sound("flac"),
    "ogg": make_sound("ogg"),
    "png": make_images("png"),
    "jpg": make_images("jpg"),
    "edge-impulse": make_edge_impulse,
    "voc": make_voc,
    "coco": make_coco,
    "yolo": make_yolo,
}


def corrupt(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one thing wrong: cut, flipped, overwritten, doubled, swapped or with a token replaced."""
    if not content:
        return b"\xff"
    at = chance.randrange(len(content))
    length = min(chance.choice([1, 2, 8, 64]), len(content) - at)
    kind = chance.randrange(9)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[at:]
    if kind == 2:
        return content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :]
    if kind == 3:
        return content[:at] + chance.randbytes(length) + content[at + length :]
    if kind == 4:
        return content[:at] + content[at + length :]
    if kind == 5:
        return content[:at] + content[at : at + length] * 2 + content[at + length :]
    if kind == 6:
        return content[:at] + bytes(length) + content[at + length :]
    if kind == 7:
        token = chance.choice(
            [b"nan", b"inf", b"-1", b"1e999", b"null", b'"', b",", b"\n", b"\x00", b"[", b"{}", b"<a>"]
        )
        return content[:at] + token + content[at + length :]
    return chance.choice([b"", b"\n", b"\x00" * len(content), content * 2, b"x" * 100])


def dropped(dataset: Dataset, folder: Path) -> set[str]:
    """Files of data of which a data set says nothing. Annotations speak through what they are about."""
    named = {recording.path for recording in dataset.recordings} | set(dataset.ignored)
    named |= {problem.path.split("#")[0] for problem in dataset.skipped}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    annotations = {name for name in files if name.endswith((".labels", ".xml", ".txt", ".yaml", "annotations.json"))}
    return files - annotations - named


def _recordings() -> list[tuple[str, int, np.ndarray]]:
    chance = np.random.default_rng(0)
    return [(label, n, chance.normal(size=(30, 3)).round(4)) for label in ("run", "walk") for n in range(2)]


def _image(ending: str) -> bytes:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, size=(24, 32, 3)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG" if ending == "png" else "JPEG")
    return content.getvalue()


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
