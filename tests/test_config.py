"""The configuration: every key known; every mistake told at once, with its remedy."""

import os
import re
import tomllib
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_mails import USER
from watcher.config import accounts
from watcher.config.load import ConfigMistakesError, default_path, load
from watcher.config.providers import PRESETS
from watcher.config.schema import TABLES, Account, Config
from watcher.errors import ConfigError, SecretUnavailable
from watcher.i18n import Language, wrap_columns
from watcher.imap.account import Tls

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
ACCOUNT = """
[[accounts]]
name = "home"
host = "imap.example.jp"
user = "taro@example.jp"
password_env = "MAIL_PASSWORD"
"""
KEY = re.compile(r"^(?:# )?(\w+) *= ")
both_languages = pytest.mark.parametrize("language", Language)


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def mistakes(folder: Path, text: str, language: Language = Language.EN) -> list[str]:
    """Return the lines that tell what is wrong with a configuration."""
    with pytest.raises(ConfigMistakesError) as caught:
        load(written(folder, text))
    return caught.value.say(language).splitlines()[1:]


def mistake_in(folder: Path, key_and_value: str) -> str:
    """Return the only mistake in an account with one more key."""
    (line,) = mistakes(folder, f"{ACCOUNT}{key_and_value}\n")
    return line


def example_keys() -> dict[str, list[str]]:
    """Return the keys of each table of the example, those in comments too."""
    tables: dict[str, list[str]] = {}
    keys: list[str] = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := re.match(r"^\[+(\w+)\]+$", line):
            keys = tables.setdefault(header[1], [])
        elif key := KEY.match(line):
            keys.append(key[1])
    return tables


def test_the_example_names_exactly_the_keys_that_there_are() -> None:
    known = {**TABLES, "accounts": Account}

    assert example_keys() == {
        name: [key.name for key in fields(table)] for name, table in known.items()
    }


def test_the_example_loads_and_shows_the_defaults(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    config = load(written(tmp_path, text))

    defaults = Config()
    assert (config.watch, config.notify) == (defaults.watch, defaults.notify)
    assert (config.log, config.dkim) == (defaults.log, defaults.dkim)
    (account,) = config.accounts
    default = Account()
    for name in ("auth", "mailboxes", "addresses", "authserv_id", "keyring"):
        assert getattr(account, name) == getattr(default, name)


def test_the_example_says_of_each_key_what_the_reference_says() -> None:
    known = {**TABLES, "accounts": Account}
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    table: type = Account
    for number, line in enumerate(lines):
        if header := re.match(r"^\[+(\w+)\]+$", line):
            table = known[header[1]]
        elif key := KEY.match(line):
            declared = next(one for one in fields(table) if one.name == key[1])
            about = declared.metadata["about"]
            wrapped = [*wrap_columns(about.en, 86), *wrap_columns(about.ja, 86)]
            comment = lines[number - len(wrapped) : number]
            assert comment == [f"# {one}" for one in wrapped], key[1]


def test_each_key_in_a_comment_of_the_example_can_be_used(tmp_path: Path) -> None:
    """Lines that exclude each other are tried one by one."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("# ") and KEY.match(line):
            tomllib.loads(line.removeprefix("# "))
            password = 'password_command = ["pass", "show", "mail/home"]'
            other = text.replace(line, line.removeprefix("# "))
            if "password" in line:
                other = other.replace(password, "")
            load(written(tmp_path, other))


def test_all_mistakes_come_out_at_once_each_with_its_key(tmp_path: Path) -> None:
    lines = mistakes(
        tmp_path,
        """
        colour = "red"
        [watch]
        window = 5
        mode = "push"
        stores = ["amazon.example"]
        pol_interval = "15s"
        [notify]
        enabled = "yes"
        remind_at = "2m"
        [dkim]
        nameservers = ["dns.example"]
        [[accounts]]
        port = 0
        usr = "taro"
        """,
    )

    keys = [line.removeprefix("  - ").split(":")[0] for line in lines]
    assert keys == [
        "colour",
        "watch.pol_interval",
        "watch.window",
        "watch.mode",
        "watch.stores",
        "notify.enabled",
        "notify.remind_at",
        "dkim.nameservers",
        "accounts[1].usr",
        "accounts[1].port",
        "accounts[1].name",
        "accounts[1].user",
        "accounts[1].provider",
        "accounts[1]",
    ]
    assert "a time span in quotes" in lines[2]


@both_languages
def test_every_mistake_has_a_reason_and_a_remedy_in_words(
    tmp_path: Path, language: Language
) -> None:
    lines = mistakes(tmp_path, '[watch]\nwindow = "soon"\n[[accounts]]\n', language)

    for line in lines:
        assert re.fullmatch(r"  - [\w.\[\]]+: .{15,}", line)
        assert line.isascii() == (language is Language.EN)


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    assert '"mailboxes"' in mistake_in(tmp_path, 'mailbox = ["INBOX"]')
    assert '"ca_file"' in mistake_in(tmp_path, 'cafile = "ca.pem"')


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('port = "993"', "a port number"),
        ("port = true", "a port number"),
        ('tls = "ssl"', '"implicit", "starttls", "none"'),
        ('tls = "none"', "without TLS the password could be read"),
        ('provider = "hotmail"', "one of"),
        ('auth = "kerberos"', "one of"),
        ("keyring = true", "exactly one of"),
        ('password_file = "p"', "exactly one of"),
        ('addresses = ["Taro <taro@example.jp>"]', "bare mail address"),
        ('relays = ["me@simplelogin.co"]', "it must be a domain"),
        ("mailboxes = [1]", "text in quotes"),
        ('ca_file = ""', "not empty"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    assert reason in mistake_in(tmp_path, line)


@pytest.mark.parametrize(
    ("value", "reason"), [("[]", "name a program"), ('"pass show"', "list in brackets")]
)
def test_a_command_is_a_list_that_is_not_empty(
    tmp_path: Path, value: str, reason: str
) -> None:
    text = ACCOUNT.replace(
        'password_env = "MAIL_PASSWORD"', f"password_command={value}"
    )
    (line,) = mistakes(tmp_path, text)

    assert reason in line


def test_a_wrong_value_is_not_also_told_to_be_missing(tmp_path: Path) -> None:
    text = ACCOUNT.replace('"imap.example.jp"', "5").replace('"MAIL_PASSWORD"', "7")

    assert len(mistakes(tmp_path, f'{text}tls = "none"\n')) == 2


def test_clear_text_is_for_this_machine_alone(tmp_path: Path) -> None:
    local = ACCOUNT.replace("imap.example.jp", "127.0.0.1") + 'tls = "none"\n'
    preset = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "gmail"')

    assert load(written(tmp_path, local)).accounts[0].tls is Tls.NONE
    (line,) = mistakes(tmp_path, preset + 'tls = "none"\n')
    assert line.startswith("  - accounts[1].tls: ")


def test_two_accounts_of_one_name_are_refused(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, ACCOUNT * 2)

    assert line.startswith('  - accounts[2].name: another account has the name "home"')


@pytest.mark.parametrize("text", ["", "accounts = 3", "accounts = []"])
def test_without_an_account_there_is_nothing_to_watch(
    tmp_path: Path, text: str
) -> None:
    assert "no account is configured" in mistakes(tmp_path, text)[0]


@pytest.mark.parametrize("text", ["watch = 3\n" + ACCOUNT, "accounts = [3]"])
def test_what_must_be_a_table_is_told(tmp_path: Path, text: str) -> None:
    (line,) = mistakes(tmp_path, text)

    assert "it must be a table" in line


@pytest.mark.parametrize(
    "text",
    [
        b"[watch",
        b'window = "\xff"',
        b"port = " + b"9" * 5000,
        b"mailboxes = " + b"[" * 5000,
        b"\x00",
    ],
    ids=["open bracket", "no UTF-8", "endless number", "bottomless nest", "NUL"],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, text: bytes) -> None:
    path = written(tmp_path, "")
    path.write_bytes(text)

    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a\"'\\日", max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from([key.name for key in fields(Account)]) | st.text(
    "abc_", min_size=1, max_size=8
)


@given(st.dictionaries(names, values.filter(lambda value: value is not None)))
def test_no_account_whatever_ends_in_anything_but_sentences(
    tmp_path_factory: pytest.TempPathFactory, entry: dict[str, object]
) -> None:
    lines = (f"{name} = {_toml(value)}" for name, value in entry.items())
    path = written(tmp_path_factory.getbasetemp(), "\n".join(("[[accounts]]", *lines)))

    with suppress(ConfigError):
        load(path)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return str(value or 0)


def test_a_missing_file_says_where_it_should_be(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    with pytest.raises(ConfigError, match=re.escape(str(path))):
        load(path)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, ACCOUNT)
    path.chmod(mode)

    with pytest.raises(ConfigError, match="chmod go-w"):
        load(path)


def test_paths_are_anchored_at_the_file_that_names_them(tmp_path: Path) -> None:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"', 'password_file = "p"')
    config = load(written(tmp_path, f'[log]\npath = "l.db"\n{text}ca_file = "/ca.pem"'))

    assert config.log.path == tmp_path / "l.db"
    assert config.accounts[0].password_file == tmp_path / "p"
    assert config.accounts[0].ca_file == Path("/ca.pem")


def test_the_byte_order_mark_of_windows_editors_does_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_text(ACCOUNT, encoding="utf-8-sig")

    assert load(path).accounts[0].name == "home"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    assert default_path({"WATCHER_CONFIG": str(tmp_path / "x")}) == tmp_path / "x"
    assert default_path({}).parts[-2:] == ("watcher", "config.toml")


def test_the_password_command_shows_in_no_repr(tmp_path: Path) -> None:
    text = ACCOUNT.replace(
        'password_env = "MAIL_PASSWORD"', 'password_command = ["echo", "hunter2"]'
    )

    assert "hunter2" not in repr(load(written(tmp_path, text)))


def _password(folder: Path, key_and_value: str) -> str:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"', key_and_value)
    (one,) = accounts.watched(load(written(folder, text)))
    return one.account.get_password()


def test_a_password_comes_from_command_environment_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "by environment")
    (tmp_path / "p").write_text("by file\n")
    (tmp_path / "p").chmod(0o600)

    passwords = [
        _password(tmp_path, 'password_command = ["echo", "by command"]'),
        _password(tmp_path, 'password_env = "MAIL_PASSWORD"'),
        _password(tmp_path, 'password_file = "p"'),
    ]

    assert passwords == ["by command", "by environment", "by file"]


def test_a_password_that_cannot_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_PASSWORD", raising=False)

    with pytest.raises(SecretUnavailable, match="status 1"):
        _password(tmp_path, 'password_command = ["false"]')
    with pytest.raises(ConfigError, match="MAIL_PASSWORD is not set"):
        _password(tmp_path, 'password_env = "MAIL_PASSWORD"')


def test_another_provider_needs_a_host(tmp_path: Path) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "other"')
    (line,) = mistakes(tmp_path, text)

    assert "the server is missing" in line


@pytest.mark.parametrize("provider", sorted(PRESETS.keys() - {"other"}))
def test_every_provider_needs_only_a_user_and_a_password(
    tmp_path: Path, provider: str
) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', f'provider = "{provider}"')
    (one,) = accounts.watched(load(written(tmp_path, text)))

    preset = PRESETS[provider]
    assert one.account.host == preset.host
    assert (one.account.port, one.account.tls) == (preset.port, preset.tls)
    assert one.policy.trust == (preset.trust,)
    assert one.policy.recipients == frozenset({USER})


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


def test_spans_are_read_as_users_write_them(tmp_path: Path) -> None:
    text = '[watch]\nwindow = "90s"\nlook_back = "2h"\n[log]\nkeep = "30d"\n'
    config = load(written(tmp_path, text + ACCOUNT))

    assert config.watch.window == timedelta(seconds=90)
    assert config.watch.look_back == timedelta(hours=2)
    assert config.log.keep == timedelta(days=30)


@pytest.mark.parametrize(
    ("written_as", "server"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        (" 127.0.0.1:5353 ", ("127.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
        ("::1", ("::1", 53)),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(
    tmp_path: Path, written_as: str, server: tuple[str, int]
) -> None:
    text = f'[dkim]\nnameservers = ["{written_as}"]\n{ACCOUNT}'

    assert load(written(tmp_path, text)).dkim.nameservers == (server,)


@pytest.mark.parametrize(
    "written_as", ["", "dns.example", "1.2.3.4:0", "1.2.3.4:99999", ":"]
)
def test_any_other_name_server_is_refused(tmp_path: Path, written_as: str) -> None:
    text = f'[dkim]\nnameservers = ["{written_as}"]\n{ACCOUNT}'
    (line,) = mistakes(tmp_path, text)

    assert line.startswith("  - dkim.nameservers: it must be")
