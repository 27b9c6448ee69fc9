import subprocess
import sys


def test_the_package_is_imported_without_tensorflow():
    program = "import tuner.training, tuner.tflm, sys; print('tensorflow' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"


def test_tensorflow_starts_silently_on_one_thread():
    program = (
        "from tuner.training.runtime import tf; t = tf.config.threading;"
        "print(t.get_inter_op_parallelism_threads(), t.get_intra_op_parallelism_threads())"
    )

    answer = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)

    assert (answer.stdout.strip(), answer.stderr) == ("1 1", "")
