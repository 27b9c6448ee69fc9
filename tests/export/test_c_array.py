from tuner.export.answer import Answer
from tuner.export.c_array import header

ANSWER = Answer("Classes, in the order of the outputs: a", (("CLASSES", "1"),))


def test_the_header_of_a_model_with_a_memory_says_when_to_reset_it():
    assert "call Reset() of the interpreter before each window" in header("m", 10, 20, ANSWER, stateful=True)
    assert "Reset" not in header("m", 10, 20, ANSWER)
