"""A demo home with a few reports, made once for all tests of the pages; each test that writes makes its own change."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from server.storage.database import db
from server.web.desk.built import FOLDER
from tests.server.web.desk.seeding import EMAIL, PASSWORD, Seeded, seed

VILLAGES = 9


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """The home with the sheets of its first nine villages."""
    if not (FOLDER / "manifest.json").exists():
        pytest.skip("the browser files were not built (make assets)")
    made = seed(tmp_path_factory.mktemp("desk") / "home", VILLAGES)
    yield made
    with made.app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(seeded: Seeded) -> Iterator[FlaskClient]:
    """A browser that nobody has signed in with."""
    with seeded.app.test_client() as made:
        yield made


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[..., FlaskClient]:
    """Signs the browser in, as the administrator unless told otherwise."""

    def enter(email: str = EMAIL, password: str = PASSWORD) -> FlaskClient:
        page = client.get("/sign-in").get_data(as_text=True)
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token
        form = {"form_token": token[1], "email": email, "password": password}
        assert client.post("/sign-in", data=form).status_code == 302
        return client

    return enter


@pytest.fixture
def admin(sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """The administrator's browser."""
    return sign_in()
