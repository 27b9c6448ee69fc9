from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import StoreError
from tuner.store.event import Event, Kind, Store
from tuner.store.memory import MemoryStore
from tuner.store.postgresql import PostgreSQLStore
from tuner.store.sqlite import SQLiteStore

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
events = st.builds(
    Event,
    kind=st.sampled_from(list(Kind)),
    payload=st.dictionaries(st.text(), json_values, max_size=4),
    at=st.floats(0, 2**32),
)


@pytest.fixture(params=["memory", "sqlite", "postgresql"], scope="module")
def make_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Store]:
    def make() -> Store:
        if request.param == "memory":
            return MemoryStore()
        if request.param == "postgresql":
            return PostgreSQLStore(request.getfixturevalue("postgresql"), uuid4().hex, write=True)
        return SQLiteStore(tmp_path_factory.mktemp("store") / "study.db", write=True)

    return make


class TestEveryStore:
    @given(written=st.lists(events, max_size=5))
    def test_gives_back_what_was_appended_in_order(self, make_store: Callable[[], Store], written: list[Event]) -> None:
        store = make_store()

        for event in written:
            store.append(event)

        assert list(store.events()) == written
        store.close()

    @given(written=st.lists(events, max_size=5), known=st.integers(0, 6))
    def test_leaves_out_what_the_reader_knows(
        self, make_store: Callable[[], Store], written: list[Event], known: int
    ) -> None:
        store = make_store()

        for event in written:
            store.append(event)

        assert list(store.events(after=known)) == written[known:]
        store.close()

    def test_is_empty_at_first(self, make_store: Callable[[], Store]) -> None:
        store = make_store()

        assert list(store.events()) == []
        store.close()

    def test_takes_nothing_after_it_was_closed(self, make_store: Callable[[], Store]) -> None:
        store = make_store()
        store.close()
        store.close()

        with pytest.raises(StoreError):
            store.append(Event(Kind.STOPPED, {}, 0.0))


def sqlite(path: Path, *, write: bool = True) -> SQLiteStore:
    return SQLiteStore(path, write=write)


def test_the_record_outlives_the_store_that_wrote_it(tmp_path: Path) -> None:
    event = Event(Kind.CREATED, {"name": "watch"}, 1.5)
    first = sqlite(tmp_path / "study.db")
    first.append(event)
    first.close()

    assert list(sqlite(tmp_path / "study.db", write=False).events()) == [event]


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    writer = sqlite(tmp_path / "study.db")

    with pytest.raises(StoreError, match=r"study\.db: process \d+ is writing this study") as caught:
        sqlite(tmp_path / "study.db")

    assert "Ctrl-C" in caught.value.hint
    writer.close()
    sqlite(tmp_path / "study.db").close()


def test_readers_see_what_is_appended_while_the_writer_goes_on(tmp_path: Path) -> None:
    writer = sqlite(tmp_path / "study.db")
    reader = sqlite(tmp_path / "study.db", write=False)

    writer.append(Event(Kind.STARTED, {}, 0.0))
    seen = list(reader.events())

    assert [event.kind for event in seen] == [Kind.STARTED]
    writer.close()


def test_a_missing_record_is_an_error_and_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot open the record"):
        sqlite(tmp_path / "study.db", write=False)

    assert not (tmp_path / "study.db").exists()


def test_a_file_that_is_no_database_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"not a database at all, but long enough to have a header" * 40)

    with pytest.raises(StoreError) as caught:
        sqlite(tmp_path / "study.db", write=False)

    assert "restore it from a copy" in caught.value.hint


def test_a_record_of_a_later_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "study.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreError, match="version 99"):
        sqlite(tmp_path / "study.db")


def test_what_json_cannot_say_is_refused_and_the_record_stays_whole(tmp_path: Path) -> None:
    store = sqlite(tmp_path / "study.db")

    with pytest.raises(ValueError, match="Out of range float"):
        store.append(Event(Kind.TOLD, {"loss": float("nan")}, 0.0))

    assert list(store.events()) == []
    store.close()
