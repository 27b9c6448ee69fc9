import numpy as np

from tests.training.networks import CLASSES, MLP, examples, training
from tuner.candidate import Settings
from tuner.compression import compression
from tuner.models.network import Conv1D, Dense, Flatten, sequence
from tuner.training import Examples
from tuner.training.compression import Course, train_compressed
from tuner.training.distillation import Lesson, Teachers
from tuner.training.fit import fit
from tuner.training.predict import predict_float

SMALL = sequence((8,), [Dense(3, "relu"), Dense(CLASSES, "softmax")])


def test_a_student_that_hears_its_teacher_alone_answers_as_it_does():
    data, validation = examples(MLP, 300), examples(MLP, 100, seed=1)
    teacher = fit(MLP, training(12), data, validation, seed=0)
    wrong = Examples(data.features, (data.truth + 1) % CLASSES)  # what the student is told to be true
    misled = Examples(validation.features, predict_float(teacher, validation.features).argmax(axis=1))
    lesson = Teachers(Lesson((MLP,), temperature=2.0, share=1.0), (teacher.weights,))

    student = fit(SMALL, training(12), wrong, misled, seed=1, teachers=lesson)

    agrees = predict_float(student, validation.features).argmax(axis=1) == misled.truth
    assert agrees.mean() > 0.9


def test_teachers_may_read_the_features_in_another_shape():
    data, validation = examples(MLP, 60), examples(MLP, 30, seed=1)
    series = sequence((8, 1), [Conv1D(4, 3, activation="relu"), Flatten(), Dense(CLASSES, "softmax")])
    form = compression(Settings("float32", (("teachers.0.type", "conv1d"), ("taught", 0.3))))

    trained = train_compressed(SMALL, form, Course(training(2), data, validation, seed=0), teachers=(series, MLP))

    assert np.isfinite(trained.history[-1].loss)


def test_students_of_one_teacher_differ_by_their_seed_alone():
    data, validation = examples(MLP, 60), examples(MLP, 30, seed=1)
    form = compression(Settings("float32", (("teachers.0.type", "dense"),)))

    first, second, again = (
        train_compressed(SMALL, form, Course(training(2), data, validation, seed=seed), teachers=(MLP,))
        for seed in (0, 1, 0)
    )

    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert not np.array_equal(first.weights["dense_0/kernel"], second.weights["dense_0/kernel"])
