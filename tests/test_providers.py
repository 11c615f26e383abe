"""The presets, held against what is known of each provider in public."""

from datetime import date

import pytest

from watcher.config.providers import (
    HINTS,
    OBSTACLES,
    PRESETS,
    LoginName,
    hint_of,
    of_address,
)
from watcher.i18n import Language
from watcher.imap.choices import Tls, TlsQuirk

ADDRESS, LOCAL_PART, OWN = LoginName.ADDRESS, LoginName.LOCAL_PART, LoginName.OWN
NOTHING = TlsQuirk.NOTHING

FACTS = {
    "gmail": ("imap.gmail.com", ADDRESS, NOTHING, "gmail.com googlemail.com"),
    "yahoo_japan": (
        "imap.mail.yahoo.co.jp",
        ADDRESS,
        NOTHING,
        "yahoo.co.jp ymail.ne.jp",
    ),
    "icloud": ("imap.mail.me.com", LOCAL_PART, NOTHING, "icloud.com me.com mac.com"),
    "outlook": (
        "outlook.office365.com",
        ADDRESS,
        NOTHING,
        "outlook.com outlook.jp hotmail.com hotmail.co.jp live.com live.jp msn.com",
    ),
    "yahoo": ("imap.mail.yahoo.com", ADDRESS, NOTHING, "yahoo.com ymail.com"),
    "aol": ("imap.aol.com", ADDRESS, NOTHING, "aol.com"),
    "fastmail": ("imap.fastmail.com", ADDRESS, NOTHING, "fastmail.com fastmail.fm"),
    "zoho": ("imap.zoho.com", ADDRESS, NOTHING, "zoho.com zohomail.com"),
    "zoho_jp": ("imap.zoho.jp", ADDRESS, NOTHING, "zohomail.jp"),
    "gmx": ("imap.gmx.net", ADDRESS, NOTHING, "gmx.net gmx.de gmx.at gmx.ch"),
    "docomo": (
        "imap.spmode.ne.jp",
        OWN,
        TlsQuirk.LEGACY_RENEGOTIATION,
        "docomo.ne.jp",
    ),
    "au": ("imap.ezweb.ne.jp", OWN, NOTHING, "ezweb.ne.jp au.com"),
    "softbank": ("imap.softbank.jp", ADDRESS, TlsQuirk.STATIC_RSA, "i.softbank.jp"),
    "nifty": ("imap.nifty.com", ADDRESS, NOTHING, "nifty.com"),
    "biglobe": ("mail.biglobe.ne.jp", ADDRESS, NOTHING, "biglobe.ne.jp"),
    "ocn": ("imap.ocn.ne.jp", ADDRESS, NOTHING, "ocn.ne.jp"),
    "so_net": ("imap.so-net.ne.jp", ADDRESS, NOTHING, "so-net.ne.jp"),
}
"""Host, login name, old TLS and mail domains; each on port 993, in TLS at once."""


def test_every_preset_is_as_it_is_known() -> None:
    found = {
        name: (one.host, one.login_name, one.tls_quirk, " ".join(one.domains))
        for name, one in PRESETS.items()
        if name != "other"
    }

    assert found == FACTS


@pytest.mark.parametrize("name", FACTS)
def test_every_preset_names_its_source_and_when_it_was_seen(name: str) -> None:
    preset = PRESETS[name]

    assert (preset.port, preset.tls) == (993, Tls.IMPLICIT)
    assert preset.source.startswith("https://") or name in {"au", "nifty"}
    assert preset.checked is not None
    assert date(2026, 7, 1) <= preset.checked <= date(2026, 11, 28)


@pytest.mark.parametrize("name", FACTS)
def test_every_domain_is_one_presets_alone(name: str) -> None:
    for domain in FACTS[name][3].split():
        assert of_address(f"anna@{domain}") == name
        assert domain not in OBSTACLES
        assert hint_of(domain) is None


@pytest.mark.parametrize("domain", ["softbank.ne.jp", "vodafone.ne.jp", "proton.me"])
def test_what_cannot_be_watched_has_no_preset(domain: str) -> None:
    assert of_address(f"anna@{domain}") is None
    assert OBSTACLES[domain].say(Language.JA)


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("rakumail.jp", "not known whether"),
        ("UQmobile.jp", "not known whether"),
        ("example.sakura.ne.jp", "customer to customer"),
        ("example.xsrv.jp", "customer to customer"),
        ("sv1.xserver.jp", "customer to customer"),
    ],
)
def test_a_server_that_only_the_user_can_name_is_not_invented(
    domain: str, words: str
) -> None:
    hint = hint_of(domain)

    assert of_address(f"anna@{domain}") is None
    assert hint is not None
    assert words in hint.say(Language.EN)
    assert hint.say(Language.JA) != hint.say(Language.EN)


def test_a_domain_that_only_ends_alike_has_no_hint() -> None:
    assert hint_of("notrakumail.jp") is None
    assert hint_of("ne.jp") is None
    assert not HINTS.keys() & OBSTACLES.keys()
