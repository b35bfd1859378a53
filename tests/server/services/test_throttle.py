"""Who guesses passwords is held back; nobody else is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from server.domain.errors import NotSignedIn, TooMany
from server.services.authenticate import Attempt, caller_by_password, sign_in
from server.services.home import Home
from server.services.people import NewUser, create_user
from server.services.throttle import WINDOW, Knock, count_failure, site_of, throttle
from server.storage.audits import list_audits
from server.storage.schema import open_sessions
from server.storage.throttles import Throttle, list_counts
from tests.kit.field import Field

ADMIN, PASSWORD = "admin@example.vn", "a-long-password"
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.4"
MOST = 3


@pytest.fixture
def home(field: Field) -> Home:
    """The field's home, where three wrong passwords are borne."""
    return replace(field.home, config=replace(field.home.config, sign_in_attempts=MOST))


Guess = Callable[[str, str], None]


@pytest.fixture
def guess(field: Field, home: Home) -> Guess:
    """Somebody fails once; the password is not worked out, which is made to take its time."""

    def fail(email: str, address: str) -> None:
        throttle(field.session, home, Knock(email, address), field.now)
        count_failure(field.session, home, Knock(email, address), field.now)

    return fail


def test_after_too_many_wrong_passwords_the_right_one_waits_too(field: Field, home: Home) -> None:
    for _ in range(MOST):
        with pytest.raises(NotSignedIn):
            sign_in(field.session, home, Attempt(ADMIN, "not the password", OFFICE), field.now)
    with pytest.raises(TooMany) as held:
        sign_in(field.session, home, Attempt(ADMIN.upper(), PASSWORD, OFFICE), field.now + timedelta(minutes=5))
    assert (held.value.params["seconds"], held.value.params["minutes"]) == (601, 11)
    assert sign_in(field.session, home, Attempt(ADMIN, PASSWORD, OFFICE), field.now + WINDOW).token


def test_the_owner_elsewhere_and_the_neighbours_are_let_in(field: Field, home: Home, guess: Guess) -> None:
    lan = create_user(field.session, field.administrator, NewUser("lan@example.vn", PASSWORD), field.now)
    for _ in range(MOST):
        guess(ADMIN, OFFICE)
    for _ in range(40):
        with pytest.raises(TooMany):
            guess(ADMIN, OFFICE)
    neighbour = caller_by_password(field.session, home, Attempt("lan@example.vn", PASSWORD, OFFICE), field.now)
    assert neighbour.actor_id == lan.id
    assert caller_by_password(field.session, home, Attempt(ADMIN, PASSWORD, ELSEWHERE), field.now).kind == "user"


def test_the_right_password_takes_the_failures_away(field: Field, home: Home, guess: Guess) -> None:
    for _ in range(MOST - 1):
        guess(ADMIN, OFFICE)
    caller_by_password(field.session, home, Attempt(ADMIN, PASSWORD, OFFICE), field.now)
    for _ in range(MOST - 1):
        guess(ADMIN, OFFICE)
    throttle(field.session, home, Knock(ADMIN, OFFICE), field.now)


def test_an_account_is_held_back_after_ten_times_as_many_from_anywhere(field: Field, home: Home, guess: Guess) -> None:
    for number in range(10 * MOST):
        guess(ADMIN, f"203.0.113.{number}")
    with pytest.raises(TooMany):
        guess(ADMIN, ELSEWHERE)
    guess("lan@example.vn", ELSEWHERE)


def test_an_address_is_held_back_after_ten_times_as_many_over_all_accounts(
    field: Field, home: Home, guess: Guess
) -> None:
    for number in range(10 * MOST):
        guess(f"nobody{number}@example.vn", OFFICE)
    with pytest.raises(TooMany):
        guess(ADMIN, OFFICE)
    guess(ADMIN, ELSEWHERE)
    held = [entry for entry in list_audits(field.session) if entry.action == "user.session.hold"]
    assert [entry.details["address"] for entry in held] == [OFFICE]


def test_an_account_that_nobody_has_is_held_back_alike(guess: Guess) -> None:
    for _ in range(MOST):
        guess("nobody@example.vn", OFFICE)
    with pytest.raises(TooMany):
        guess("nobody@example.vn", OFFICE)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_a_household_with_many_addresses_counts_as_one(address: str | None, site: str) -> None:
    assert site_of(address) == site


def test_two_who_fail_at_once_are_both_counted(field: Field, home: Home) -> None:
    sessions = open_sessions(field.home.config.database_url)

    def fail(_number: int) -> None:
        with sessions() as session:
            count_failure(session, home, Knock(ADMIN, OFFICE), field.now)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(fail, range(24)))
    sessions.kw["bind"].dispose()
    assert {each.failures for each in list_counts(fresh(field), Knock(ADMIN, OFFICE).keys).values()} == {24}


def test_old_counts_are_forgotten(field: Field, home: Home) -> None:
    count_failure(field.session, home, Knock("nobody@example.vn", OFFICE), field.now)
    count_failure(field.session, home, Knock(ADMIN, ELSEWHERE), field.now + WINDOW + timedelta(seconds=1))
    assert field.count(Throttle) == 3


def fresh(field: Field) -> Session:
    """The field's session, which has seen nothing yet."""
    field.session.rollback()
    return field.session
