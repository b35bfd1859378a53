"""The servers and databases that the other tests stand on."""

import redis
import sqlalchemy
from sqlalchemy import inspect, text


def test_fresh_database_has_tables_and_no_rows(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    try:
        tables = inspect(engine).get_table_names()
        assert tables
        with engine.connect() as connection:
            quote = connection.dialect.identifier_preparer.quote
            assert {connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) for name in tables} == {0}
    finally:
        engine.dispose()


def test_empty_database_takes_vietnamese_text(empty_database_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_database_url)
    try:
        assert inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE thon (ten text)"))
            connection.execute(text("INSERT INTO thon VALUES (:ten)"), {"ten": "Khe Tiền"})
            assert connection.scalar(text("SELECT ten FROM thon")) == "Khe Tiền"
    finally:
        engine.dispose()


def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
