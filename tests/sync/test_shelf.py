"""Forms on a device follow the server's list, as they do on ODK Collect with "exactly match server"."""

from collections.abc import Iterator

import pytest

from sync.client import Downloaded, Phone
from sync.errors import SyncError
from sync.shelf import Shelf
from tests.sync.village_server import FORM, VILLAGES, VillageServer, village_server


@pytest.fixture(name="server")
def server_fixture() -> Iterator[VillageServer]:
    with village_server() as running:
        yield running


@pytest.fixture(name="phone")
def phone_fixture(server: VillageServer) -> Iterator[Phone]:
    with Phone(server.url, "collect:may-01") as device:
        yield device


def test_a_form_is_new_once_and_then_the_same(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    first = shelf.refresh(phone)
    assert (first.new, first.same, first.updated, first.removed) == (["village_criteria"], [], [], [])
    held = shelf.find("village_criteria")
    assert held is not None
    assert (held.xml, dict(held.media)) == (FORM, {"villages.csv": VILLAGES})
    server.requests.clear()
    assert shelf.refresh(phone).same == ["village_criteria"]
    # the list and the manifest, and nothing else: the hashes say the rest
    assert len(server.requests) == 2


def test_a_file_that_changed_is_an_update_of_the_form(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    shelf.refresh(phone)
    server.villages = VILLAGES + "thon_02,Bản Lầu\n".encode()
    assert shelf.refresh(phone).updated == ["village_criteria"]
    (held,) = shelf
    assert held.media["villages.csv"] == server.villages


def test_a_form_that_does_not_come_leaves_the_one_that_is_held(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    shelf.refresh(phone)
    server.announced, server.form = FORM + b"a", FORM + b"b"
    told = shelf.refresh(phone)
    assert list(told.failed) == ["village_criteria"]
    held = shelf.find("village_criteria")
    assert held is not None
    assert held.xml == FORM


def test_another_hash_under_the_same_id_is_an_update(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    shelf.refresh(phone)
    server.announced = server.form = FORM + b" "
    assert shelf.refresh(phone).updated == ["village_criteria"]
    (held,) = shelf
    assert held.xml == FORM + b" "


def test_a_form_that_left_the_list_is_taken_away(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    shelf.refresh(phone)
    server.listed = False
    assert shelf.refresh(phone).removed == ["village_criteria"]
    assert len(shelf) == 0


def test_a_list_that_does_not_come_changes_nothing(server: VillageServer, phone: Phone) -> None:
    shelf: Shelf[Downloaded] = Shelf()
    shelf.refresh(phone)
    server.without = {"/formList"}
    with pytest.raises(SyncError):
        shelf.refresh(phone)
    assert len(shelf) == 1
