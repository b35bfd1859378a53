"""Settings of one thonban server, read once from the environment into a frozen dataclass.

The environment is an argument: nothing here reads ``os.environ``. Every field names its variable, its default and what
it is for; ``.env.example`` is written from the same lines (``env_example``), so the two cannot differ.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MEGABYTE = 1_000_000
_SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>[kMG]?)B?")
_UNITS = {"": 1, "k": 1_000, "M": MEGABYTE, "G": 1_000 * MEGABYTE}
_DATABASE_SCHEMES = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRET_KEY_FILE = "secret.key"  # noqa: S105 - the name of a file, no secret
_SHORTEST_SECRET_KEY = 32


class ConfigError(Exception):
    """A setting cannot be used. Names the variable, what is wrong with it and what to write instead."""

    def __init__(self, variable: str, problem: str, remedy: str) -> None:
        super().__init__(variable, problem, remedy)
        self.variable = variable
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem}. {self.remedy}"


def _text(variable: str, value: str) -> str:
    del variable
    return value


def _folder(variable: str, value: str) -> Path:
    path = Path(value).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ConfigError(variable, f"{value!r} is a file", "Name a folder; it is made when it does not exist.")
    return path


def _between(low: int, high: int) -> Callable[[str, str], int]:
    def parse(variable: str, value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ConfigError(variable, f"{value!r} is no such number", f"Write a whole number from {low} to {high}.")
        return int(value)

    return parse


def _bytes(variable: str, value: str) -> int:
    match = _SIZE.fullmatch(value)
    if match is None:
        raise ConfigError(
            variable, f"{value!r} is no size", "Write bytes, or a number with kB, MB or GB, such as 100MB."
        )
    return int(match["number"]) * _UNITS[match["unit"]]


def _url(*schemes: str) -> Callable[[str, str], str]:
    def parse(variable: str, value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise ConfigError(variable, f"the address cannot be read ({error})", f"Write {schemes[0]}://…") from error
        if parts.scheme not in schemes or not parts.netloc:
            choices = " or ".join(f"{scheme}://…" for scheme in schemes)
            raise ConfigError(variable, f"the address begins with {parts.scheme or 'nothing'}://", f"Write {choices}.")
        return value.rstrip("/")

    return parse


def _database(variable: str, value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in _DATABASE_SCHEMES:
        raise ConfigError(
            variable,
            f"no database is known by {scheme!r}",
            "Write sqlite:///path/to/file.db or postgresql://user:password@host/name.",
        )
    return f"{_DATABASE_SCHEMES[scheme]}://{rest}"


def _secret_key(variable: str, value: str) -> str:
    if len(value) < _SHORTEST_SECRET_KEY:
        raise ConfigError(
            variable,
            f"{len(value)} characters are too few",
            f"Write at least {_SHORTEST_SECRET_KEY} random characters, or leave it out and one is made.",
        )
    return value


def _networks(variable: str, value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in value.split(",") if each.strip())
    except ValueError as error:
        remedy = "Write addresses or networks with commas, such as 10.20.0.0/16,192.168.1.7."
        raise ConfigError(variable, f"{value!r} is no list of networks ({error})", remedy) from error


def _tiles(variable: str, value: str) -> str:
    address = _url("http", "https")(variable, value)
    if any(part not in value for part in ("{z}", "{x}", "{y}")) or re.search(r"[\s;,'\"]", value):
        remedy = "Write an address with {z}, {x} and {y}, such as https://tiles.example.vn/{z}/{x}/{y}.png."
        raise ConfigError(variable, f"{value!r} names no tiles", remedy)
    return address


def _log_level(variable: str, value: str) -> str:
    if value.upper() not in _LOG_LEVELS:
        raise ConfigError(variable, f"{value!r} is no level", f"Write one of {', '.join(_LOG_LEVELS)}.")
    return value.upper()


@dataclass(frozen=True, slots=True)
class _Setting:
    """How one field is read: its variable, the text it has by default (None: not set), what it is for."""

    variable: str
    default: str | None
    parse: Callable[[str, str], object]
    doc: str
    example: str = ""


def _setting(setting: _Setting, *, hidden: bool = False) -> Any:
    return field(metadata={"setting": setting, "doc": setting.doc}, repr=not hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a running server must be told. Sizes are in bytes, times in the unit the field's name says."""

    home: Path = _setting(
        _Setting("THONBAN_HOME", "./var", _folder, "Data folder: database, attachments, backups, secret key.")
    )
    database_url: str = _setting(
        _Setting(
            "THONBAN_DATABASE_URL",
            None,
            _database,
            "Database: the SQLite file thonban.db in the data folder when left out, or PostgreSQL 15 or newer.",
            "postgresql://thonban:password@localhost/thonban",
        ),
        hidden=True,
    )
    secret_key: str | None = _setting(
        _Setting(
            "THONBAN_SECRET_KEY",
            None,
            _secret_key,
            "Signs sessions and encrypts what must be shown again. When left out, one is kept in the data folder.",
            "at-least-32-random-characters-of-your-own",
        ),
        hidden=True,
    )
    base_url: str | None = _setting(
        _Setting(
            "THONBAN_BASE_URL",
            None,
            _url("http", "https"),
            "The address under which phones and browsers reach this server; it stands in the settings QR.",
            "https://thonban.example.vn",
        )
    )
    trusted_proxies: int = _setting(
        _Setting(
            "THONBAN_TRUSTED_PROXIES",
            "0",
            _between(0, 10),
            "How many reverse proxies stand in front; their X-Forwarded headers are believed, and no more.",
        )
    )
    broker_url: str | None = _setting(
        _Setting(
            "THONBAN_BROKER_URL",
            None,
            _url("redis", "rediss"),
            "Redis for Celery workers on several machines. When left out, one worker process drains the outbox.",
            "redis://localhost:6379/0",
        ),
        hidden=True,
    )
    smtp_url: str | None = _setting(
        _Setting(
            "THONBAN_SMTP_URL",
            None,
            _url("smtp", "smtps"),
            "Outgoing mail; smtp:// upgrades to TLS where offered, smtps:// begins with it.",
            "smtps://user:password@mail.example.vn:465",
        ),
        hidden=True,
    )
    mail_from: str | None = _setting(
        _Setting(
            "THONBAN_MAIL_FROM",
            None,
            _text,
            "Sender of these mails. When left out: the user of THONBAN_SMTP_URL if that is an address, else the first "
            "administrator.",
            "thonban@example.vn",
        )
    )
    admin_email: str = _setting(
        _Setting("THONBAN_ADMIN_EMAIL", "admin@example.vn", _text, "Sign-in name of the first administrator.")
    )
    admin_password: str | None = _setting(
        _Setting(
            "THONBAN_ADMIN_PASSWORD",
            None,
            _text,
            "Password of the first administrator. When left out, one is made and printed once.",
            "a-long-sentence-only-you-know",
        ),
        hidden=True,
    )
    host: str = _setting(
        _Setting(
            "THONBAN_HOST", "127.0.0.1", _text, "Address to listen on; 0.0.0.0 lets phones on the same network in."
        )
    )
    port: int = _setting(_Setting("PORT", "8080", _between(1, 65535), "Port to listen on."))
    workers: int = _setting(
        _Setting(
            "THONBAN_WORKERS", "2", _between(1, 64), "Processes that answer requests; as many as the machine has cores."
        )
    )
    threads: int = _setting(_Setting("THONBAN_THREADS", "4", _between(1, 64), "Threads of each of these processes."))
    max_upload: int = _setting(
        _Setting(
            "THONBAN_MAX_UPLOAD", "100MB", _bytes, "Largest request body; told to phones, which split what is larger."
        )
    )
    blobs_url: str | None = _setting(
        _Setting(
            "THONBAN_BLOBS_URL",
            None,
            _url("s3"),
            "Bucket (and prefix) for attachments. When left out they are files in the data folder.",
            "s3://thonban/attachments",
        )
    )
    blobs_endpoint: str | None = _setting(
        _Setting(
            "THONBAN_BLOBS_ENDPOINT",
            None,
            _url("http", "https"),
            "Address of the object store when it is not Amazon's own.",
            "https://objects.example.vn",
        )
    )
    blobs_key_id: str | None = _setting(
        _Setting("THONBAN_BLOBS_KEY_ID", None, _text, "Access key of the object store.", "thonban")
    )
    blobs_secret: str | None = _setting(
        _Setting("THONBAN_BLOBS_SECRET", None, _text, "Secret of that access key.", "secret-of-the-access-key"),
        hidden=True,
    )
    log_level: str = _setting(
        _Setting("THONBAN_LOG_LEVEL", "INFO", _log_level, f"What is logged: {', '.join(_LOG_LEVELS)}.")
    )
    min_free_bytes: int = _setting(
        _Setting(
            "THONBAN_MIN_FREE_BYTES",
            "200MB",
            _bytes,
            "Free space in the data folder below which writes answer 503, so that no phone deletes what was not kept.",
        )
    )
    export_days: int = _setting(
        _Setting(
            "THONBAN_EXPORT_DAYS",
            "7",
            _between(1, 366),
            "Days for which a file of answers that was made in the background is kept.",
        )
    )
    export_at_once: int = _setting(
        _Setting(
            "THONBAN_EXPORT_AT_ONCE",
            "5000",
            _between(0, 1_000_000),
            "Submissions up to which the page of a form's files sends one at once; more are made in the background.",
        )
    )
    webhook_networks: tuple[Network, ...] = _setting(
        _Setting(
            "THONBAN_WEBHOOK_NETWORKS",
            "",
            _networks,
            "Networks inside (loopback, private, link-local) that webhooks may call, separated by commas. Without it "
            "they reach public addresses alone, so that nobody looks behind the firewall with them.",
            "10.20.0.0/16,192.168.1.7",
        )
    )
    map_tiles: str | None = _setting(
        _Setting(
            "THONBAN_MAP_TILES",
            None,
            _tiles,
            "Raster tiles below the maps of the desk, fetched by the readers' browsers. Without it maps have no "
            "ground, and no other host is asked for anything.",
            "https://tiles.example.vn/{z}/{x}/{y}.png",
        )
    )
    map_attribution: str = _setting(
        _Setting("THONBAN_MAP_ATTRIBUTION", "", _text, "Whose tiles these are, as the maps are to say it.")
    )
    session_hours: int = _setting(
        _Setting("THONBAN_SESSION_HOURS", "24", _between(1, 24 * 366), "Hours after which a sign-in ends.")
    )
    sign_in_attempts: int = _setting(
        _Setting(
            "THONBAN_SIGN_IN_ATTEMPTS",
            "10",
            _between(1, 1000),
            "Wrong passwords for one account from one address within 15 minutes; then that account waits there. Ten "
            "times as many for an account from anywhere, and for an address over all accounts.",
        )
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """The settings these variables give; an empty variable counts as left out. Raises ConfigError."""
        values: dict[str, Any] = {}
        for name, setting in _settings():
            text = environ.get(setting.variable, "").strip() or setting.default
            values[name] = None if text is None else setting.parse(setting.variable, text)
        if values["database_url"] is None:
            values["database_url"] = f"sqlite:///{values['home'] / 'thonban.db'}"
        if values["smtp_url"] and not values["base_url"]:
            remedy = "Set THONBAN_BASE_URL to the address under which people reach this server."
            raise ConfigError("THONBAN_SMTP_URL", "mails need an address to lead to", remedy)
        if values["blobs_secret"] and not values["blobs_key_id"]:
            raise ConfigError("THONBAN_BLOBS_KEY_ID", "a secret is given without its key", "Give both or neither.")
        return cls(**values)

    @property
    def blobs_folder(self) -> Path:
        """Where attachments lie when no object store is configured."""
        return self.home / "blobs"

    @property
    def exports_folder(self) -> Path:
        """Where files of answers lie that were made in the background."""
        return self.home / "exports"

    @property
    def backups_folder(self) -> Path:
        """Where the nightly copies are kept."""
        return self.home / "backups"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is one file on this machine."""
        return self.database_url.startswith("sqlite:")


def _settings() -> tuple[tuple[str, _Setting], ...]:
    return tuple((each.name, each.metadata["setting"]) for each in fields(Config))


def variables() -> tuple[str, ...]:
    """The names of all environment variables that are read, in the order of ``.env.example``."""
    return tuple(setting.variable for _, setting in _settings())


def env_example() -> str:
    """The text of ``.env.example``: every variable with what it is for; defaults and examples commented out."""
    blocks = [
        "# Settings of thonban, read from the environment (make run, a systemd EnvironmentFile, docker compose).\n"
        "# Every one may be left out; a line that begins with # shows the default or an example."
    ]
    for _, setting in _settings():
        kind = "Default" if setting.default is not None else "No default; example"
        shown = setting.default if setting.default is not None else setting.example
        blocks.append(f"# {setting.doc}\n# {kind}:\n# {setting.variable}={shown}")
    return "\n\n".join(blocks) + "\n"


def with_secret_key(config: Config) -> Config:
    """The same settings with a secret key: the configured one, else the one kept in the data folder, made when absent.

    The file has mode 0600 and is never overwritten: two servers that start together agree on the first one's key.
    Raises ConfigError when the file can be neither read nor made.
    """
    if config.secret_key is not None:
        return config
    path = config.home / _SECRET_KEY_FILE
    try:
        config.home.mkdir(parents=True, exist_ok=True)
        _make_once(path, secrets.token_urlsafe(48))
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "THONBAN_SECRET_KEY",
            f"{path} cannot be used ({error})",
            "Make the data folder writable or set the variable.",
        ) from error
    return replace(config, secret_key=_secret_key("THONBAN_SECRET_KEY", kept))


def _make_once(path: Path, key: str) -> None:
    # Written aside and linked: a reader never sees half a key, and of two writers the first wins.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    if path.exists():
        return
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
