from hypothesis import given
from hypothesis import strategies as st

from tuner.graph import Graph, Operator, Tensor
from tuner.tflite.order import canonical, execution_order

RESIDUAL = [((0,), (1,)), ((1,), (2,)), ((1,), (3,)), ((2, 3), (4,))]


def test_a_branch_is_walked_to_its_end_before_the_next_begins() -> None:
    assert execution_order(RESIDUAL, [4]) == [0, 1, 2, 3]
    assert execution_order([RESIDUAL[0], RESIDUAL[2], RESIDUAL[1], RESIDUAL[3]], [4]) == [0, 2, 1, 3]


def test_what_no_output_depends_on_is_left_out() -> None:
    assert execution_order([((0,), (1,)), ((0,), (2,))], [2]) == [1]


@st.composite
def _graphs(draw: st.DrawFn) -> Graph:
    """Operators that each read up to three earlier tensors."""
    count = draw(st.integers(1, 8))
    operators = []
    for output in range(1, count + 1):
        inputs = draw(st.lists(st.integers(0, output - 1), min_size=1, max_size=3))
        operators.append(Operator("ADD", tuple(inputs), (output,)))
    tensors = tuple(Tensor((size + 1,), "int8", scales=1) for size in range(count + 1))
    return Graph(tensors, tuple(operators), (0,), (count,), 0)


@given(_graphs(), st.randoms())
def test_the_order_does_not_depend_on_the_order_it_was_left_in(graph: Graph, random) -> None:
    shuffled = list(graph.operators)
    random.shuffle(shuffled)

    other = Graph(graph.tensors, tuple(shuffled), graph.inputs, graph.outputs, 0)

    assert canonical(other) == canonical(graph)


@given(_graphs())
def test_every_operator_comes_after_all_that_it_reads(graph: Graph) -> None:
    ordered = canonical(graph)

    written = set(ordered.inputs)
    for operator in ordered.operators:
        assert set(operator.inputs) <= written
        written |= set(operator.outputs)


@given(_graphs())
def test_the_order_of_what_is_in_order_stays(graph: Graph) -> None:
    assert canonical(canonical(graph)) == canonical(graph)
