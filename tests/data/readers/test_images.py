from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuner.candidate import Window
from tuner.data import BrokenFilesError, open_dataset
from tuner.data.windows import cut
from tuner.signal import Signal

RANDOM = np.random.default_rng(0)


def write(path: Path, height: int = 6, width: int = 8, mode: str = "RGB") -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    pixels = RANDOM.integers(0, 255, size=shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_pixels_are_height_width_channels_from_0_to_255(tmp_path: Path) -> None:
    pixels = write(tmp_path / "cat" / "1.png")
    write(tmp_path / "dog" / "1.png", height=9)

    dataset = open_dataset(tmp_path)

    assert dataset.is_images
    assert dataset.labels == ("cat", "dog")
    assert dataset.axes == ("red", "green", "blue")
    assert [r.shape for r in dataset.recordings] == [(6, 8, 3), (9, 8, 3)]
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0]), pixels.astype(np.float32))


def test_gray_images_have_one_channel(tmp_path: Path) -> None:
    pixels = write(tmp_path / "cat" / "1.png", mode="L")

    dataset = open_dataset(tmp_path)

    assert dataset.axes == ("gray",)
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0])[:, :, 0], pixels)


def test_gray_among_coloured_is_named_unless_the_axes_say_what_to_make_of_it(tmp_path: Path) -> None:
    for n in range(2):
        write(tmp_path / "cat" / f"{n}.png")
    write(tmp_path / "cat" / "gray.png", mode="L")

    with pytest.raises(BrokenFilesError, match=r"cat/gray.png: has 1 axis \(gray\), most recordings have 3 axes"):
        open_dataset(tmp_path)

    assert {r.shape for r in open_dataset(tmp_path, axes=["gray"]).recordings} == {(6, 8, 1)}
    assert {r.shape for r in open_dataset(tmp_path, axes=["red", "green", "blue"]).recordings} == {(6, 8, 3)}


def test_16_bit_images_keep_their_brightness(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "cat" / "1.png")

    dataset = open_dataset(tmp_path)

    assert set(dataset.load(dataset.recordings[0]).ravel()) == {128.0}


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.zeros((4, 10, 3), np.uint8)).save(tmp_path / "cat" / "1.jpg", exif=turned)

    assert open_dataset(tmp_path).recordings[0].shape == (10, 4, 3)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"no image at all", "is neither a PNG nor a JPEG image"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "is neither a PNG nor a JPEG image"),
    ],
)
def test_what_is_no_image_is_named(content: bytes, found: str, tmp_path: Path) -> None:
    write(tmp_path / "cat" / "1.png")
    (tmp_path / "cat" / "bad.png").write_bytes(content)

    with pytest.raises(BrokenFilesError, match=f"cat/bad.png: {found}"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_truncated_image_is_named(ending: str, tmp_path: Path) -> None:
    write(tmp_path / "cat" / "1.png")
    bad = tmp_path / "cat" / f"bad.{ending}"
    write(bad, 40, 40)
    bad.write_bytes(bad.read_bytes()[:-600])

    with pytest.raises(BrokenFilesError, match=f"cat/bad.{ending}: is an image that cannot be decoded"):
        open_dataset(tmp_path)


def test_an_image_too_large_to_be_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    write(tmp_path / "cat" / "1.png", 100, 100)

    with pytest.raises(BrokenFilesError, match=r"cat/1\.png: is too large an image"):
        open_dataset(tmp_path)


def test_fashion_keeps_its_splits(shared: Path) -> None:
    dataset = open_dataset(shared / "datasets" / "image_fashion_mnist")

    assert len(dataset.labels) == 10
    assert sum(r.split == "test" for r in dataset.recordings) == 500
    assert {r.shape for r in dataset.recordings} == {(28, 28, 1)}


def test_an_image_is_one_window_of_the_size_that_most_have(tmp_path: Path) -> None:
    pixels = write(tmp_path / "cat" / "1.png")
    write(tmp_path / "cat" / "2.png")
    Image.fromarray(np.full((30, 30, 3), 90, np.uint8)).save(tmp_path / "dog.png")
    dataset = open_dataset(tmp_path)

    windows = cut(dataset, [r.id for r in dataset.recordings], Window(size_ms=1000, stride_ms=1000))

    assert windows.signal == Signal(48, ("red", "green", "blue"), 1.0, sample_bytes=1, image=(6, 8))
    assert windows.recordings.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(windows.values[0].reshape(6, 8, 3), pixels)
    assert set(windows.values[2].ravel()) == {90.0}
