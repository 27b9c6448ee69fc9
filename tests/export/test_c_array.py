from tuner.export.c_array import header


def test_the_header_of_a_model_with_a_memory_says_when_to_reset_it():
    assert "call Reset() of the interpreter before each window" in header("m", 10, 20, ("a",), stateful=True)
    assert "Reset" not in header("m", 10, 20, ("a",))
