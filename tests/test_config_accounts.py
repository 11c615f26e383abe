"""Accounts as they are watched: the presets fill in what the configuration omits."""

import json
import sys
from pathlib import Path

import pytest

from tests.environment import ACCOUNT, written
from tests.sample_mails import USER
from watcher.config import accounts
from watcher.config.load import load
from watcher.config.providers import PRESETS
from watcher.errors import ConfigError, SecretUnavailable


def _password(folder: Path, key_and_value: str) -> str:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"', key_and_value)
    (one,) = accounts.watched(load(written(folder, text)))
    return one.account.get_secret()


def python(code: str) -> str:
    return f"password_command = {json.dumps([sys.executable, '-c', code])}"


def test_a_password_comes_from_command_environment_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "by environment")
    (tmp_path / "p").write_text("by file\n")
    (tmp_path / "p").chmod(0o600)

    passwords = [
        _password(tmp_path, python("print('by command')")),
        _password(tmp_path, 'password_env = "MAIL_PASSWORD"'),
        _password(tmp_path, 'password_file = "p"'),
    ]

    assert passwords == ["by command", "by environment", "by file"]


def test_a_password_that_cannot_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)

    with pytest.raises(SecretUnavailable, match="status 1"):
        _password(tmp_path, python("raise SystemExit(1)"))
    with pytest.raises(ConfigError, match="MAIL_PASSWORD is not set"):
        _password(tmp_path, 'password_env = "MAIL_PASSWORD"')


@pytest.mark.parametrize("provider", sorted(PRESETS.keys() - {"other"}))
def test_every_provider_needs_only_a_user_and_a_password(
    tmp_path: Path, provider: str
) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', f'provider = "{provider}"')
    (one,) = accounts.watched(load(written(tmp_path, text)))

    preset = PRESETS[provider]
    assert (one.account.host, one.account.is_preset) == (preset.host, True)
    assert (one.account.port, one.account.tls) == (preset.port, preset.tls)
    assert one.policy.trust == (preset.trust,)
    assert one.policy.recipients == frozenset({USER})


def test_a_host_of_ones_own_is_no_presets(tmp_path: Path) -> None:
    text = ACCOUNT.replace("host =", 'provider = "gmail"\nhost =')
    (one,) = accounts.watched(load(written(tmp_path, text)))

    assert (one.account.host, one.account.is_preset) == ("imap.example.jp", False)


@pytest.mark.parametrize(
    ("line", "port"),
    [("", 993), ('tls = "starttls"', 143), ('tls = "starttls"\nport = 1143', 1143)],
)
def test_the_port_follows_the_kind_of_tls(tmp_path: Path, line: str, port: int) -> None:
    (one,) = accounts.watched(load(written(tmp_path, f"{ACCOUNT}{line}\n")))

    assert one.account.port == port


LOGIN_NAMES = [
    *("taro", "EXAMPLE\\taro", "taro%example.jp", "taro@", "@example.jp"),
    *("EXAMPLE\\taro@example.jp", "taro@example.jp\\shared", "taro@example.jp*admin"),
    *("taro@localhost", "taro@@example.jp", "Taro <taro@example.jp>"),
]


@pytest.mark.parametrize("user", LOGIN_NAMES)
def test_an_account_without_an_address_judges_no_recipient(
    tmp_path: Path, user: str
) -> None:
    text = ACCOUNT.replace('"taro@example.jp"', f"'{user}'")
    config = load(written(tmp_path, text))

    assert accounts.watched(config)[0].policy.recipients is None
    assert accounts.policy_for(config, config.accounts).recipients is None


@pytest.mark.parametrize("user", LOGIN_NAMES)
def test_addresses_count_where_the_user_is_a_login_name(
    tmp_path: Path, user: str
) -> None:
    text = ACCOUNT.replace('"taro@example.jp"', f"'{user}'")
    config = load(written(tmp_path, text + 'addresses = ["Hanako@Example.jp"]\n'))

    recipients = frozenset({"hanako@example.jp"})
    assert accounts.watched(config)[0].policy.recipients == recipients


@pytest.mark.parametrize(
    "user", ["taro..x@docomo.ne.jp", ".taro.@docomo.ne.jp", "Taro+x@mail.example.jp"]
)
def test_a_user_that_is_an_address_is_the_known_recipient(
    tmp_path: Path, user: str
) -> None:
    (one,) = accounts.watched(load(written(tmp_path, ACCOUNT.replace(USER, user))))

    assert one.policy.recipients == frozenset({user.lower()})


def test_any_accounts_address_is_a_known_recipient(tmp_path: Path) -> None:
    other = ACCOUNT.replace('"home"', '"work"') + 'addresses = ["Hanako@Example.jp"]\n'
    config = load(written(tmp_path, ACCOUNT + other))

    everybody = frozenset({"taro@example.jp", "hanako@example.jp"})
    assert [one.policy.recipients for one in accounts.watched(config)] == [
        everybody
    ] * 2
    assert accounts.policy_for(config, config.accounts).recipients == everybody


def test_a_thousand_accounts_do_not_keep_a_thousand_addresses_each(
    tmp_path: Path,
) -> None:
    other = ACCOUNT.replace('"home"', '"work"')
    one, two = accounts.watched(load(written(tmp_path, ACCOUNT + other)))

    assert one.policy.recipients is two.policy.recipients
