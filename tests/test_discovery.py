"""Where the mail of an address lies, asked of a real name server."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers import NameServer, serving_dns
from watcher import keys
from watcher.imap.choices import Tls
from watcher.setup.discovery import NOTHING, Found, find_server

SRV = "SRV"


@pytest.fixture
def name_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[NameServer]]:
    """Give two name servers, which are those of the system."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving_dns({})) for _ in range(2)]
        monkeypatch.setattr(
            keys, "_system_servers", lambda: [one.endpoint for one in servers]
        )
        yield servers


@pytest.fixture
def hosts(name_servers: list[NameServer]) -> dict[tuple[str, str], str]:
    """Give the records of the first one."""
    return name_servers[0].hosts


def test_a_well_known_domain_needs_no_question(name_servers: list[NameServer]) -> None:
    assert find_server("anna@gmail.com") == Found("gmail")
    assert name_servers[0].questions == []


@pytest.mark.parametrize(
    ("exchange", "provider"),
    [
        ("aspmx.l.google.com.", "gmail"),
        ("in1-smtp.messagingengine.com.", "fastmail"),
        ("example-com.mail.protection.outlook.com.", "outlook"),
        ("mx.zoho.jp.", "zoho_jp"),
        ("mx01.mail.icloud.com.", "icloud"),
    ],
)
def test_a_domain_of_ones_own_is_known_by_its_mail_exchanger(
    hosts: dict[tuple[str, str], str], exchange: str, provider: str
) -> None:
    hosts["own.example", "MX"] = f"10 {exchange}"
    assert find_server("anna@own.example") == Found(provider)


def test_an_exchanger_that_only_sounds_like_one_is_none(
    hosts: dict[tuple[str, str], str],
) -> None:
    hosts["own.example", "MX"] = "10 aspmx.l.google.com.evil.example."
    assert find_server("anna@own.example") == NOTHING


def test_a_domain_may_name_its_server(hosts: dict[tuple[str, str], str]) -> None:
    hosts["_imaps._tcp.own.example", SRV] = "0 1 1993 mail.own.example."
    found = find_server("anna@own.example")
    assert found == Found(None, "mail.own.example", 1993, Tls.IMPLICIT)


def test_starttls_is_taken_where_nothing_better_is_named(
    hosts: dict[tuple[str, str], str],
) -> None:
    hosts["_imap._tcp.own.example", SRV] = "0 1 143 mail.own.example."
    found = find_server("anna@own.example")
    assert found == Found(None, "mail.own.example", 143, Tls.STARTTLS)


def test_a_root_as_the_target_is_no_server(hosts: dict[tuple[str, str], str]) -> None:
    hosts["_imaps._tcp.own.example", SRV] = "0 0 0 ."
    assert find_server("anna@own.example") == NOTHING


def test_the_second_name_server_is_asked_where_the_first_is_in_trouble(
    name_servers: list[NameServer],
) -> None:
    import dns.rcode

    first, second = name_servers
    first.failure = dns.rcode.SERVFAIL
    second.hosts["own.example", "MX"] = "10 aspmx.l.google.com."
    assert find_server("anna@own.example") == Found("gmail")


@pytest.mark.parametrize("address", ["anna@", "anna@..", "anna@" + "a" * 80, "anna"])
@pytest.mark.usefixtures("name_servers")
def test_what_can_be_no_domain_has_no_server(address: str) -> None:
    assert find_server(address) == NOTHING


def test_a_machine_without_name_servers_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_system_servers", list)
    assert find_server("anna@own.example") == NOTHING
