"""Webhooks: which verdicts changed, when a message comes again, which addresses may be called."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest

from server.domain.errors import Invalid
from server.domain.webhooks import Target, absolute, compare, may_call, pause_after, read_url

INSIDE = (ip_network("10.0.0.0/8"),)


def test_what_was_approved_is_the_newest_where_nothing_is_newer() -> None:
    met = ("met", None)
    assert compare({("r", "newest"): met}, {("r", "approved"): met})[0].basis == "approved"
    assert len(compare({("r", "newest"): met}, {("r", "approved"): met})) == 1
    both = compare({("r", "approved"): met}, {})
    assert [(each.basis, each.verdict.before, each.verdict.after) for each in both] == [
        ("approved", "met", None),
        ("newest", "met", None),
    ]
    assert compare({("r", "approved"): met}, {("r", "approved"): met, ("r", "newest"): met}) == []
    classes = compare({("r", "approved"): ("met", "I")}, {("r", "approved"): ("met", "II")})
    assert [each.klass.told() for each in classes] == [{"from": "I", "to": "II"}] * 2


def test_pauses_grow_to_an_hour() -> None:
    assert [pause_after(each).total_seconds() for each in (1, 2, 3, 7, 8, 9, 10_000)] == [5, 15, 45, *[3600] * 4]
    assert pause_after(0) == timedelta(seconds=5)


def test_an_address_is_taken_apart() -> None:
    assert read_url("https://example.org", ()) == Target(True, "example.org", 443, "/")
    assert read_url("http://example.org:8080/a/b?c=d", ()) == Target(False, "example.org", 8080, "/a/b?c=d")
    assert read_url("http://10.1.2.3/x", INSIDE) == Target(False, "10.1.2.3", 80, "/x")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "webhook.url_unreadable"),
        ("example.org", "webhook.url_unreadable"),
        ("http://", "webhook.url_unreadable"),
        ("http://a:b@example.org/", "webhook.url_unreadable"),
        ("http://ví-dụ.vn/", "webhook.url_unreadable"),
        ("http://x:0/", "webhook.url_unreadable"),
        ("http://x:99999/", "webhook.url_unreadable"),
        ("http://x/a b", "webhook.url_unreadable"),
        ("http://x/\r\nHost: y", "webhook.url_unreadable"),
        ("http://x/" + "a" * 1000, "webhook.url_unreadable"),
        ("http://localhost/", "webhook.url_inside"),
        ("http://a.localhost/", "webhook.url_inside"),
        ("http://192.168.1.1/", "webhook.url_inside"),
        ("http://[::1]/", "webhook.url_inside"),
        ("http://[::ffff:127.0.0.1]/", "webhook.url_inside"),
    ],
)
def test_other_addresses_are_refused(url: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_url(url, INSIDE)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_machines_inside_are_called_where_that_was_allowed(address: str, may: bool) -> None:
    assert may_call(ip_address(address), INSIDE) is may


def test_links_begin_with_the_address_of_the_server() -> None:
    payload = {"id": "x", "links": {"submission": "/v1/x"}}
    assert absolute(payload, "https://thonban.example.vn")["links"] == {"submission": "https://thonban.example.vn/v1/x"}
    assert absolute(payload, None) == payload
