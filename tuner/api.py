"""The Python interface: create or open a study, run it, read its fronts, select and export a model."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.config import validated
from tuner.errors import InputError, StoreError, nearest
from tuner.record import Counts, StudySummary, Trial
from tuner.store.codec import encode
from tuner.store.event import Event, Kind
from tuner.store.location import check_url, is_study, open_store, place, studies_in
from tuner.study.artifacts import ArtifactFolder
from tuner.study.fronts import device_front
from tuner.study.history import History, Stop
from tuner.study.spec import StudySpec, read_spec
from tuner.tasks import task_named

if TYPE_CHECKING:
    import pandas as pd

    from tuner.study.replay import Decision

Watch = Callable[[History], None]

DEFAULT_FOLDER = Path("studies")
"""Where studies lie unless another folder is given: one folder a study, named for it."""


class Study:
    """One study on disk.

    Use `Study.create` or `Study.open`. Reading is possible while another process works on the study; `refresh`
    takes in what it has done since.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._history = _read(folder)

    @classmethod
    def create(
        cls,
        spec: StudySpec | Mapping[str, Any] | str | Path,
        *,
        studies: Path = DEFAULT_FOLDER,
        store: str | None = None,
    ) -> Study:
        """Check everything a study needs and write its beginning down; nothing is trained yet.

        Args:
            spec: the path of a study file, or what it would say.
            studies: the folder in which the study gets its own.
            store: the PostgreSQL database that keeps the record, like `postgresql://user@host/database`; by default
                it is a file in the study's folder. Models are files in either case.

        Raises:
            InputError: the file, the data, the space, a device or a budget is wrong, or there is such a study already.
        """
        from tuner.study.creation import create  # noqa: PLC0415 - opening a study must not load what creating needs

        checked = _checked(spec)
        folder = studies / checked.name
        if folder.exists():
            raise InputError(
                f"study '{checked.name}' already exists in {studies}",
                hint=f"go on with `tuner resume {checked.name}` or `tuner extend {checked.name} --trials N`, "
                "or give the new one another `name:`",
            )
        if store is not None:
            check_url(store)
        earlier = [cls.open(name, studies=studies).history for name in checked.warm_start]
        _begin(folder, Event(Kind.CREATED, encode(create(checked, earlier=earlier)), at=time.time()), store)
        return cls(folder)

    @classmethod
    def open(cls, name: str | Path, *, studies: Path = DEFAULT_FOLDER) -> Study:
        """Open a study by name, or by the path of its folder.

        Raises:
            InputError: there is none.
        """
        for folder in (studies / name, Path(name)):
            if is_study(folder):
                return cls(folder)
        raise InputError(f"there is no study '{name}' in {studies}", hint=nearest(str(name), studies_in(studies)))

    def refresh(self) -> None:
        """Take in what happened to the study since it was opened; only that is read."""
        with closing(open_store(self.folder, write=False)) as store:
            for event in store.events(after=self._history.size):
                self._history.apply(event)

    def run(
        self,
        *,
        trials: int | None = None,
        time_limit_s: float | None = None,
        compute_limit_s: float | None = None,
        target_accuracy: float | None = None,
        patience: int | None = None,
        workers: int | None = None,
        watch: Watch | None = None,
        ray_address: str | None = None,
    ) -> Stop:
        """Work on the study until a limit is reached, then score the fronts on the test split.

        Trials that were handed out and never came back, for the last session was killed, are run first.

        Args:
            trials: candidates to train in all; by default what the study file says, or the last session's limit.
            time_limit_s: working time in all, over all sessions.
            compute_limit_s: working time of all workers together, over all sessions.
            target_accuracy: 0 to 1; stop once every device has a model that reaches it on the validation split.
            patience: stop after so many trained candidates in a row without a gain in hypervolume.
            workers: Ray workers; 0 works in this process.
            watch: called with the history after every change and about once a second.
            ray_address: of a running Ray cluster.

        Raises:
            StudyError: the study cannot go on: its record cannot be written, another process works on it, no Ray.
            DataError: the data changed since the study was made.
            KeyboardInterrupt: nothing is lost; call `run` again to go on.
        """
        from tuner.study.limits import Asked, next_session  # noqa: PLC0415
        from tuner.study.session import Work  # noqa: PLC0415 - reading a study must not load what training needs
        from tuner.trial import courses  # noqa: PLC0415

        with closing(open_store(self.folder, write=True)) as store:
            self._history = History.replay(store.events())
            asked = Asked(trials, time_limit_s, compute_limit_s, target_accuracy, patience, workers)
            session = next_session(self._history, asked)
            artifacts = ArtifactFolder(self.folder / "artifacts")
            work = Work(
                self._history,
                store,
                artifacts,
                running=self.folder / courses.FOLDER,
                watch=watch or _unwatched,
                ray_address=ray_address,
            )
            return work.run(session)

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self._history.creation.spec["name"])

    @property
    def history(self) -> History:
        """All that happened, as of the last `refresh` or `run`."""
        return self._history

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials by number."""
        return self._history.trials

    @property
    def counts(self) -> Counts:
        """Trials by state."""
        return self._history.counts

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of the devices."""
        return tuple(budget.device for budget in self._history.creation.budgets)

    @property
    def summary(self) -> StudySummary:
        """All that is known of the study beside its trials."""
        creation, history = self._history.creation, self._history
        spec = history.spec
        session = history.sessions[-1] if history.sessions else None
        return StudySummary(
            name=self.name,
            task=spec.task,
            dataset=creation.dataset,
            search_space=creation.space_name,
            space_size=creation.space_size,
            budgets=creation.budgets,
            objectives=spec.objectives,
            sampler=creation.sampler,
            seed=spec.seed,
            workers=spec.workers if session is None else session.workers,
            elapsed_s=history.worked_s,
            stopped="" if history.stop is None else history.stop.reason,
            survey=history.survey,
            environment=creation.environment,
            space_reason=creation.space_reason,
            metric=task_named(spec.task).metric,
        )

    def trial(self, number: int) -> Trial:
        """Return one trial.

        Raises:
            InputError: there is none of that number.
        """
        return self._history.trial(number)

    def front(self, device: str) -> tuple[Trial, ...]:
        """Return the Pareto front of a device, from the most accurate to the cheapest.

        Raises:
            InputError: the study has no such device.
        """
        return device_front(self.trials, self.device(device), self._history.spec.resources)

    def replay(self) -> tuple[Decision, ...]:
        """Choose every trial of the study again from the record, without training, to see that nothing else was.

        Raises:
            DataError: the data changed since the study was made.
        """
        from tuner.study.cost_model import CostModel  # noqa: PLC0415
        from tuner.study.creation import check_unchanged, open_study_dataset, targets_of  # noqa: PLC0415
        from tuner.study.replay import chooser, decisions  # noqa: PLC0415
        from tuner.trial.appraise import Appraiser  # noqa: PLC0415

        creation = self._history.creation
        creation.make_known()
        dataset = open_study_dataset(self._history.spec.dataset)
        check_unchanged(dataset, creation)
        costs = CostModel(Appraiser(dataset, task_named(creation.study.task), targets_of(creation)))
        return tuple(decisions(self._history, chooser(creation, costs)))

    def select(
        self,
        device: str,
        *,
        max_ram: str | int | None = None,
        max_flash: str | int | None = None,
        max_latency: str | None = None,
        min_accuracy: float | None = None,
        knee: bool = False,
    ) -> Trial:
        """Return the model to take for a device; see `tuner.select`.

        Args:
            device: its name.
            max_ram: at most so much RAM in all, like "32 KiB".
            max_flash: at most so much flash in all, like "128 KiB".
            max_latency: at most so long from a raw window to the answer, like "20 ms".
            min_accuracy: of the converted model on the validation split, 0 to 1, or whatever else the task's quality
                is; then the cheapest that reaches it.
            knee: the best compromise on the front instead of the most accurate.

        Raises:
            InputError: the study has no such device, or a limit is not written as expected.
            NothingFitsError: no trained candidate keeps the limits.
        """
        from tuner.select import choose, wish  # noqa: PLC0415 - keeps `Study` light to import

        limits = wish(
            max_ram=max_ram,
            max_flash=max_flash,
            max_latency=max_latency,
            min_accuracy=min_accuracy,
            metric=self.summary.metric,
        )
        return choose(self.trials, self.device(device), limits, self._history.spec.resources if knee else None)

    def export(self, trial: Trial | int, device: str, output: str | Path) -> tuple[Path, ...]:
        """Write a trial's model, its C source, a manifest and golden vectors for a device; return the files.

        Raises:
            InputError: no such trial or device, the trial has no model, or the output is not a folder.
            StoreError: the model of that trial was not kept.
            DataError: the data changed since the study was made.
        """
        from tuner.export.exporter import Exported, export  # noqa: PLC0415
        from tuner.study.creation import check_unchanged, open_study_dataset, targets_of  # noqa: PLC0415

        chosen = self.trial(trial if isinstance(trial, int) else trial.number)
        name = self.device(device)
        if chosen.training is None:
            raise InputError(
                f"trial {chosen.number} is {chosen.state} and has no model to export",
                hint="`tuner select` finds one that fits",
            )
        creation = self._history.creation
        creation.make_known()
        dataset = open_study_dataset(self._history.spec.dataset)
        check_unchanged(dataset, creation)
        model = ArtifactFolder(self.folder / "artifacts").get(chosen.number, chosen.training.artifact)
        target = next(target for target in targets_of(creation) if target.profile.name == name)
        return export(
            Exported(self.summary, chosen, model, target, dataset, tuple(creation.splits["validation"])), Path(output)
        )

    def report(self, output: str | Path | None = None) -> Path:
        """Write the HTML report, with CSV and JSON beside it; return the path of the HTML file.

        Args:
            output: the HTML file; by default `report/report.html` in the study's folder.
        """
        from tuner.report.write import write_report  # noqa: PLC0415 - plotly takes a while to import

        path = Path(output) if output is not None else self.folder / "report" / "report.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_report(self.summary, self.trials, path)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per trial: state, parameters, scores, and cost and fit on every device."""
        from tuner.report.table import trials_table  # noqa: PLC0415 - pandas takes a while to import

        return trials_table(self.summary, self.trials)

    def device(self, name: str) -> str:
        """Return the name if the study has such a device.

        Raises:
            InputError: it has not.
        """
        if name not in self.devices:
            raise InputError(f"study '{self.name}' has no device '{name}'", hint=nearest(name, self.devices))
        return name


def _checked(spec: StudySpec | Mapping[str, Any] | str | Path) -> StudySpec:
    if isinstance(spec, StudySpec):
        return spec
    if isinstance(spec, Mapping):
        return validated(StudySpec, spec, source="study")
    return read_spec(Path(spec))


def _begin(folder: Path, created: Event, url: str | None) -> None:
    """Make a study's folder, which appears with its first event or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unborn = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        place(unborn, url)
        with closing(open_store(unborn, write=True)) as store:
            store.append(created)
        unborn.chmod(0o755)
        unborn.rename(folder)
    except BaseException:
        shutil.rmtree(unborn, ignore_errors=True)
        raise


def _read(folder: Path) -> History:
    if not is_study(folder):
        raise StoreError(f"{folder}: there is no record", hint="is this the folder of a study?")
    with closing(open_store(folder, write=False)) as store:
        return History.replay(store.events())


def _unwatched(_: History) -> None:
    pass
