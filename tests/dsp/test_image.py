import numpy as np
import pytest
from PIL import Image as Pillow

from tuner.candidate import Settings
from tuner.dsp.image import resize
from tuner.dsp.registry import block
from tuner.errors import BuildError, ConfigError
from tuner.signal import Signal

SIGNAL = Signal(60 * 80, ("r", "g", "b"), 1.0, sample_bytes=1, image=(60, 80))
SIZES = {"imageWidth": 32, "imageHeight": 24}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(5).integers(0, 256, (3, 60, 80, 3)).astype(np.uint8)


def extracted(images, signal=SIGNAL, **parameters):
    made = block(Settings("image", tuple(parameters.items())))
    features = made.features(signal)
    found = made.extract(images.reshape(len(images), signal.samples, -1).astype(np.float32), signal)
    assert found.shape == (len(images), *features.shape)
    return found


def test_bytes_become_numbers_from_0_to_1(images):
    np.testing.assert_array_equal(extracted(images), images / np.float32(255))


def test_luma_is_that_of_pillow(images):
    found = extracted(images, channels="Grayscale")

    expected = np.asarray(Pillow.fromarray(images[0]).convert("L"))[..., None]
    np.testing.assert_array_equal(np.rint(found[0] * 255), expected)


@pytest.mark.parametrize(
    ("method", "filter_"), [("lanczos3", "LANCZOS"), ("bilinear", "BILINEAR"), ("nearest", "NEAREST")]
)
def test_squash_is_the_resize_of_pillow(images, method, filter_):
    found = extracted(images, **SIZES, resizeMethod=method)

    expected = Pillow.fromarray(images[1]).resize((32, 24), Pillow.Resampling[filter_])
    np.testing.assert_array_equal(np.rint(found[1] * 255), np.asarray(expected))


def test_fit_short_keeps_the_proportions_and_cuts_what_sticks_out():
    image = np.zeros((60, 80, 1), np.uint8)
    image[:, 40:] = 200

    found = resize(image, 30, 30, mode="fit-short", method="nearest")

    assert found.shape == (30, 30, 1)
    assert (found[:, :15] == 0).all()
    assert (found[:, 15:] == 200).all()


def test_fit_long_shows_the_whole_image_between_black_bars():
    image = np.full((60, 80, 3), 200, np.uint8)

    found = resize(image, 40, 40, mode="fit-long", method="nearest")

    assert (found[5:35] == 200).all()
    assert (found[:5] == 0).all()
    assert (found[35:] == 0).all()


@pytest.mark.parametrize(
    ("anchor", "corner"), [("top-left", (0, 0)), ("bottom-right", (36, 48)), ("middle-left", (18, 0))]
)
def test_crop_cuts_at_the_anchor_without_scaling(images, anchor, corner):
    y, x = corner

    found = resize(images[0], 24, 32, mode="crop", anchor=anchor)

    np.testing.assert_array_equal(found, images[0, y : y + 24, x : x + 32])


def test_an_image_smaller_than_the_crop_is_filled_up_with_black():
    found = resize(np.full((2, 2, 1), 9, np.uint8), 4, 4, mode="crop")[..., 0]

    assert found.tolist() == [[0] * 4, [0, 9, 9, 0], [0, 9, 9, 0], [0] * 4]


def test_gray_images_stay_gray():
    signal = Signal(4, ("gray",), 1.0, 1, image=(2, 2))

    assert extracted(
        np.full((1, 2, 2, 1), 51, np.uint8), signal, channels="Grayscale"
    ).ravel().tolist() == pytest.approx([0.2] * 4)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal(100, ("x",), 50.0), "has no images"),
        (Signal(100, ("gray",), 1.0, image=(10, 10)), "RGB needs three channels"),
    ],
)
def test_data_that_are_no_fitting_images_are_named(signal, message):
    with pytest.raises(BuildError, match=message):
        block(Settings("image")).features(signal)


def test_an_unknown_mode_is_named():
    with pytest.raises(ConfigError, match="parameter 'resizeMode' is 'stretch', expected 'squash', 'fit-short'"):
        block(Settings.of("image", resizeMode="stretch"))


def test_resizing_costs_more_the_larger_the_source():
    small, large = (
        block(Settings("image", tuple(SIZES.items()))).cost(Signal(h * w, ("r", "g", "b"), 1.0, 1, (h, w)))
        for h, w in ((60, 80), (120, 160))
    )

    assert large.operations.integer > small.operations.integer
    assert large.ram_bytes > small.ram_bytes
