"""Who calls, and for how long."""

import time
from datetime import date, timedelta

import pytest

from server.domain.errors import Forbidden, Invalid, NotSignedIn
from server.services.authenticate import (
    Attempt,
    caller_by_key,
    caller_by_session,
    hash_password,
    is_password,
    is_token,
    new_token,
    sign_in,
    sign_out,
)
from server.services.people import NewUser, create_user, grant_role, reset_password
from server.storage.actors import GrantView
from tests.kit.field import Field

PASSWORD = "a-long-password"


def test_tokens_fit_into_a_path() -> None:
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(is_token(token) for token in tokens)


@pytest.mark.parametrize("token", ["", "short", "x" * 63, "x" * 65, "é" * 64, "x" * 63 + "/"])
def test_what_cannot_be_a_key_is_told_from_one_that_is_unknown(field: Field, token: str) -> None:
    with pytest.raises(NotSignedIn):
        caller_by_key(field.session, token, field.now)
    with pytest.raises(Forbidden):
        caller_by_key(field.session, "x" * 64, field.now)


def test_a_session_ends_by_itself(field: Field) -> None:
    made = sign_in(field.session, field.home, Attempt("admin@example.vn", PASSWORD), field.now)
    caller = caller_by_session(field.session, made.token, made.expires_at - timedelta(seconds=1))
    assert caller.may("project.create")
    with pytest.raises(NotSignedIn):
        caller_by_session(field.session, made.token, made.expires_at)


def test_a_session_is_no_key_and_a_key_no_session(field: Field) -> None:
    made = sign_in(field.session, field.home, Attempt("admin@example.vn", PASSWORD), field.now)
    with pytest.raises(Forbidden):
        caller_by_key(field.session, made.token, field.now)
    with pytest.raises(NotSignedIn):
        caller_by_session(field.session, field.phone().token, field.now)


def test_another_password_ends_all_sessions(field: Field) -> None:
    made = sign_in(field.session, field.home, Attempt("admin@example.vn", PASSWORD), field.now)
    reset_password(field.session, field.administrator, "Admin@Example.vn", "another-long-password", field.now)
    with pytest.raises(NotSignedIn):
        caller_by_session(field.session, made.token, field.now)
    with pytest.raises(NotSignedIn):
        sign_in(field.session, field.home, Attempt("admin@example.vn", PASSWORD), field.now)
    assert sign_in(field.session, field.home, Attempt("admin@example.vn", "another-long-password"), field.now).token


def test_a_phone_cannot_end_anything(field: Field) -> None:
    phone = field.phone()
    with pytest.raises(Forbidden):
        sign_out(field.session, phone.caller, phone.token, field.now)


def test_a_grant_holds_from_its_first_day_up_to_its_last(field: Field) -> None:
    made = create_user(field.session, field.administrator, NewUser("lan@example.vn", PASSWORD), field.now)
    today = date(2026, 11, 24)
    grant = GrantView("viewer", "project", 1, None, None, today, today + timedelta(days=2))
    grant_role(field.session, field.administrator, made.id, grant, field.now)
    signed = sign_in(field.session, field.home, Attempt("lan@example.vn", PASSWORD), field.now - timedelta(hours=12))
    for hours, may in ((-12, False), (0, True), (11, True)):
        caller = caller_by_session(field.session, signed.token, field.now + timedelta(hours=hours))
        assert caller.may("project.read", 1) is may, hours
    later = sign_in(field.session, field.home, Attempt("lan@example.vn", PASSWORD), field.now + timedelta(days=3))
    assert caller_by_session(field.session, later.token, field.now + timedelta(days=3)).grants == ()


@pytest.mark.parametrize(("password", "code"), [("ngắn", "auth.password_short"), ("x" * 73, "auth.password_long")])
def test_passwords_have_a_length(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        hash_password(password)
    assert refused.value.code == code


def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    def seconds(kept: str | None) -> float:
        began = time.process_time()
        assert not is_password(kept, "not the password")
        return time.process_time() - began

    known = hash_password(PASSWORD)
    pairs = [(seconds(None), seconds(known)) for _ in range(3)]
    assert min(unknown for unknown, _ in pairs) > min(wrong for _, wrong in pairs) / 2


def test_passwords_are_kept_as_argon2id() -> None:
    assert hash_password("một mật khẩu dài").startswith("$argon2id$")
