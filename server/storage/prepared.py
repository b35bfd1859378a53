"""Statements of the hot path, compiled once and then handed to the driver as they are.

SQLAlchemy writes the SQL and knows how each column's values are bound and read; executing through it costs several
times what the statement itself costs, and an upload needs about ten. So the few statements that every upload runs are
compiled once per dialect here, with the very types of their columns, and run on the driver's cursor inside SQLAlchemy's
own connection and transaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from sqlalchemy import Insert
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Made:
    """A statement as one dialect has it. `order` None: the driver takes parameters by name."""

    sql: str
    order: tuple[str, ...] | None
    fixed: dict[str, Any]
    binds: tuple[tuple[str, Convert], ...]
    reads: tuple[tuple[int, Convert], ...]
    error: type[Exception]


@dataclass(frozen=True, slots=True)
class Borrowed:
    """The driver's connection, for a read that is a transaction by itself."""

    dialect: Dialect
    driver: Any


@contextmanager
def _lent(engine: Engine, *, alone: bool = True) -> Iterator[Borrowed]:
    """`alone`: for one statement, which PostgreSQL runs without being told where a transaction begins and ends: two
    journeys to it less."""
    error = engine.dialect.loaded_dbapi.Error
    try:
        connection = engine.raw_connection()
    except error as cause:
        # a connection that cannot be made is told in the driver's words, not in SQLAlchemy's
        raise DBAPIError.instance(None, None, cause, error) from cause
    driver: Any = connection.dbapi_connection
    alone = alone and engine.dialect.name == "postgresql"
    try:
        if alone:
            driver.autocommit = True
        yield Borrowed(engine.dialect, driver)
    finally:
        if alone and not driver.closed:
            try:
                driver.autocommit = False
            except error:
                # left in the midst of something: nobody else gets it
                connection.invalidate()
        connection.close()


class Prepared:
    """One statement. `keys`: for an insert, the columns that every row brings, each with a value."""

    def __init__(self, build: Callable[[str], Any], keys: Iterable[str] | None = None) -> None:
        self._build = build
        self._keys = list(keys) if keys is not None else None
        self._made: dict[str, _Made] = {}

    def rows(self, place: Connection | Session | Borrowed, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Runs it and returns its rows, their columns in the order of the statement.

        On a session that is in no transaction the statement is one by itself: a lone read needs no BEGIN and ROLLBACK.
        """
        if isinstance(place, Session):
            if place.in_transaction():
                return self.rows(place.connection(), values)
            with _lent(cast("Engine", place.get_bind())) as lent:
                return self.rows(lent, values)
        made = self._of(place.dialect)
        # the driver's own connection: no middleman between its cursor and us
        driver = place.driver if isinstance(place, Borrowed) else place.connection.dbapi_connection
        return _run(driver, made, _parameters(made, values))

    def parts(self, session: Session, values: Mapping[str, Any], size: int) -> Generator[list[tuple[Any, ...]]]:
        """Its rows, so many at a time, each part as soon as the database has it; read to the end or closed, on a
        connection of its own."""
        with _lent(cast("Engine", session.get_bind())) as lent:
            made = self._of(lent.dialect)
            try:
                for rows in _as_made(lent, made, _parameters(made, values), size):
                    yield [_read(row, made.reads) for row in rows] if made.reads else rows
            except made.error as error:
                raise DBAPIError.instance(made.sql, None, error, made.error) from error

    def first(self, place: Connection | Session | Borrowed, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, or None."""
        found = self.rows(place, values)
        return found[0] if found else None

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs it once for each row; nothing is returned."""
        made = self._of(connection.dialect)
        driver = connection.connection.dbapi_connection
        for row in rows:
            _run(driver, made, _parameters(made, row))

    def _of(self, dialect: Dialect) -> _Made:
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self._build(dialect.name), dialect, self._keys)
        return made


def _as_made(lent: Borrowed, made: _Made, parameters: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    if lent.dialect.name != "postgresql":
        yield from _stepped(lent.driver, made.sql, parameters, size)
        return
    with closing(lent.driver.cursor()) as cursor, closing(cursor.stream(made.sql, parameters, size=size)) as rows:
        while some := list(islice(rows, size)):
            yield some


def stream_rows(session: Session, statement: Any, size: int) -> Generator[list[tuple[Any, ...]]]:
    """The rows of a long read, so many at a time, as of one moment, on a connection of its own, which is given back at
    the end or when whoever reads stops. PostgreSQL makes the next rows ready while the last ones are worked on."""
    with _lent(cast("Engine", session.get_bind()), alone=False) as lent:
        made = _with_values(statement, lent.dialect)
        walk = _fetched if lent.dialect.name == "postgresql" else _stepped
        try:
            for rows in walk(lent.driver, made.sql, _parameters(made, {}), size):
                yield [_read(row, made.reads) for row in rows] if made.reads else rows
        except made.error as error:
            raise DBAPIError.instance(made.sql, None, error, made.error) from error


def _with_values(statement: ClauseElement, dialect: Dialect) -> _Made:
    """A statement that brings all its values; lists of them are written out."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    state = compiled.construct_expanded_state()
    binds = []
    for bind, name in compiled.bind_names.items():
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            binds += [(each, convert) for each in state.parameter_expansion.get(name, [name])]
    order = tuple(state.positiontup) if state.positiontup is not None else None
    made = _make(statement, dialect, None)
    return replace(made, sql=state.statement, order=order, fixed=dict(state.parameters), binds=tuple(binds))


def _stepped(driver: Any, sql: str, parameters: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    with closing(driver.cursor()) as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(size):
            yield rows


def _fetched(driver: Any, sql: str, parameters: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Through a cursor of the database, so that it is read in a way that begins at once; two parts are asked for before
    the first is there."""
    asked: deque[Any] = deque()

    def ask() -> None:
        asked.append(driver.cursor().execute(f"FETCH FORWARD {size:d} FROM rows"))

    with driver.cursor(name="rows") as declared:
        declared.execute(sql, parameters)
        with driver.pipeline():
            ask()
            ask()
            while rows := asked.popleft().fetchall():
                ask()
                yield rows


def always(statement: ClauseElement) -> Callable[[str], ClauseElement]:
    """For a statement that is the same on every database."""
    return lambda _: statement


def _make(statement: ClauseElement, dialect: Dialect, keys: list[str] | None) -> _Made:
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    assert isinstance(compiled, SQLCompiler)
    binds = []
    for name, bind in compiled.binds.items():
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            binds.append((name, convert))
    columns = () if isinstance(statement, Insert) and not statement._returning else compiled._result_columns
    reads = []
    for place, column in enumerate(columns):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            reads.append((place, convert))
    return _Made(
        sql=compiled.string,
        order=tuple(compiled.positiontup) if compiled.positiontup is not None else None,
        fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        binds=tuple(binds),
        reads=tuple(reads),
        error=dialect.loaded_dbapi.Error,
    )


def _parameters(made: _Made, values: Mapping[str, Any]) -> Any:
    given = {**made.fixed, **values}
    for name, convert in made.binds:
        given[name] = convert(given[name])
    return given if made.order is None else [given[name] for name in made.order]


def _read(row: tuple[Any, ...], reads: tuple[tuple[int, Convert], ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in reads:
        values[place] = convert(values[place])
    return tuple(values)


def _run(driver: Any, made: _Made, parameters: Any) -> list[tuple[Any, ...]]:
    cursor = driver.cursor()
    try:
        cursor.execute(made.sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description is not None else []
    except made.error as error:
        raise DBAPIError.instance(made.sql, None, error, made.error) from error
    finally:
        cursor.close()
    return [_read(row, made.reads) for row in found] if made.reads else found
