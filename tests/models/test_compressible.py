from tests.training.networks import BRANCHED, CONV2D, MLP
from tuner.compression import Int8
from tuner.models.compressible import left_out
from tuner.models.network import Dense, Flatten, Reshape, sequence


def test_nothing_is_left_out_by_default():
    assert left_out(CONV2D, Int8()) == {}
    assert left_out(MLP, Int8(width=0.5, sparsity=0.5, clusters=4)) == {}


def test_depthwise_kernels_are_neither_pruned_nor_clustered():
    assert left_out(CONV2D, Int8(sparsity=0.5, clusters=4)) == {
        "sparsity": ("depthwiseconv2d_3",),
        "clusters": ("depthwiseconv2d_3",),
    }


def test_layers_before_a_reshape_keep_their_width():
    network = sequence((8,), [Dense(6), Dense(4), Reshape((2, 2)), Flatten(), Dense(3, "softmax")])

    assert left_out(network, Int8(width=0.5)) == {"width": ("dense_1",)}
    assert left_out(BRANCHED, Int8(width=0.5)) == {"width": ("left", "right")}
