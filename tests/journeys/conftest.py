"""For journeys: the world, for those through the whole of it; and for those at the desk a browser in front of the home
that a module names `seeded`.

- `address`: where that home is served; `browser`: Chromium.
- `page`: the page of the administrator, signed in; `signed_in`: the cookies for more such pages.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.browser import chromium, enter, open_context
from tests.kit.served import serving
from tests.kit.world import world_fixture
from tests.server.web.desk.seeding import EMAIL, PASSWORD, Seeded

__all__ = ["world_fixture"]


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    """Where the home of this module is served."""
    with serving(seeded.app) as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Chromium."""
    with chromium(chromium_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def signed_in(browser: Browser, address: str) -> dict[str, object]:
    """The cookies of the administrator, who signed in through the form."""
    page = enter(browser, address, EMAIL, PASSWORD)
    with page.context as context:
        return dict(context.storage_state())


@pytest.fixture
def page(browser: Browser, address: str, signed_in: dict[str, object]) -> Iterator[Page]:
    """A page of the administrator."""
    with open_context(browser, address, signed_in) as context:
        yield context.new_page()
