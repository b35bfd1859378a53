"""Settings from an environment: defaults, refusals that name variable and remedy, and the kept secret key."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest

from server.config import Config, ConfigError, env_example, variables, with_secret_key


def test_nothing_set_gives_a_small_machine_on_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.from_env({})
    assert config.home == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path}/var/thonban.db"
    assert (config.host, config.port, config.workers, config.threads) == ("127.0.0.1", 8080, 2, 4)
    assert config.max_upload == 100_000_000
    assert config.secret_key is None
    assert config.is_sqlite
    assert not config.home.exists()


def test_an_empty_variable_counts_as_left_out() -> None:
    assert Config.from_env({"PORT": "", "THONBAN_SMTP_URL": " "}) == Config.from_env({})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(scheme: str) -> None:
    config = Config.from_env({"THONBAN_DATABASE_URL": f"{scheme}://u:p@db/thonban"})
    assert config.database_url == "postgresql+psycopg://u:p@db/thonban"
    assert not config.is_sqlite


@pytest.mark.parametrize(
    ("text", "size"), [("2000", 2000), ("5kB", 5_000), ("100 MB", 100_000_000), ("1GB", 1_000_000_000)]
)
def test_sizes_may_have_units(text: str, size: int) -> None:
    assert Config.from_env({"THONBAN_MAX_UPLOAD": text}).max_upload == size


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "80a", "from 1 to 65535"),
        ("PORT", "70000", "from 1 to 65535"),
        ("PORT", "٨٠٨٠", "from 1 to 65535"),
        ("THONBAN_TRUSTED_PROXIES", "-1", "from 0 to 10"),
        ("THONBAN_MAX_UPLOAD", "plenty", "100MB"),
        ("THONBAN_DATABASE_URL", "mysql://db/thonban", "postgresql://"),
        ("THONBAN_DATABASE_URL", "thonban.db", "sqlite:///"),
        ("THONBAN_BASE_URL", "thonban.example.vn", "https://"),
        ("THONBAN_BASE_URL", "https://[::1", "http://"),
        ("THONBAN_BROKER_URL", "amqp://queue", "redis://"),
        ("THONBAN_BLOBS_URL", "folder/attachments", "s3://"),
        ("THONBAN_SECRET_KEY", "short", "32 random characters"),
        ("THONBAN_LOG_LEVEL", "LOUD", "WARNING"),
        ("THONBAN_HOME", __file__, "folder"),
    ],
)
def test_a_setting_that_cannot_be_used_names_itself_and_the_remedy(variable: str, value: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({variable: value})
    assert refused.value.variable == variable
    assert str(refused.value).startswith(f"{variable}: ")
    assert remedy in refused.value.remedy


def test_a_secret_without_its_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="THONBAN_BLOBS_KEY_ID"):
        Config.from_env({"THONBAN_BLOBS_SECRET": "secret"})


def test_mail_needs_an_address_that_its_links_lead_to() -> None:
    with pytest.raises(ConfigError, match="THONBAN_BASE_URL"):
        Config.from_env({"THONBAN_SMTP_URL": "smtp://mail.example.vn"})


def test_secrets_are_not_printed() -> None:
    secret = "k" * 40
    config = Config.from_env(
        {
            "THONBAN_SECRET_KEY": secret,
            "THONBAN_ADMIN_PASSWORD": secret,
            "THONBAN_DATABASE_URL": f"postgresql://u:{secret}@db/thonban",
            "THONBAN_SMTP_URL": f"smtp://u:{secret}@mail",
            "THONBAN_BASE_URL": "https://thonban.example.vn",
        }
    )
    assert secret not in repr(config)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    config = Config.from_env({"THONBAN_HOME": str(tmp_path / "new" / "home")})
    first = with_secret_key(config)
    assert first.secret_key is not None
    assert len(first.secret_key) >= 32
    assert with_secret_key(config) == first
    mode = (config.home / "secret.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in config.home.iterdir()] == ["secret.key"]


def test_servers_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    config = Config.from_env({"THONBAN_HOME": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        keys = {each.secret_key for each in pool.map(lambda _: with_secret_key(config), range(32))}
    assert len(keys) == 1


def test_a_configured_key_is_not_written_down(tmp_path: Path) -> None:
    config = Config.from_env({"THONBAN_HOME": str(tmp_path), "THONBAN_SECRET_KEY": "k" * 40})
    assert with_secret_key(config) == config
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"secret\.key"):
        with_secret_key(Config.from_env({"THONBAN_HOME": str(tmp_path)}))


def test_every_field_says_what_it_is_for() -> None:
    documented = [field.metadata["doc"] for field in fields(Config)]
    assert all(text.endswith((".", ";")) and len(text) > 15 for text in documented)
    assert len(variables()) == len(documented) == len(set(variables()))


def test_the_example_shows_every_variable_commented_out() -> None:
    shown = [line for line in env_example().splitlines() if "=" in line]
    assert [line.removeprefix("# ").partition("=")[0] for line in shown] == list(variables())
    assert all(line.startswith("# ") for line in shown)
