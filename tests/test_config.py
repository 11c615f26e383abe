"""The configuration: every key known; every mistake told at once, with its remedy."""

import re
import tomllib
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.environment import ACCOUNT, written
from watcher.config.load import ConfigMistakesError, default_path, load, state_folder
from watcher.config.schema import TABLES, Account, Config
from watcher.config.unknown import slips_between
from watcher.errors import ConfigError
from watcher.events import EventName
from watcher.i18n import Language, wrap_columns
from watcher.imap.choices import Auth, Tls
from watcher.name_server import NameServer

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
KEY = re.compile(r"^(?:# )?(\w+) *= ")
both_languages = pytest.mark.parametrize("language", Language)


def mistakes(folder: Path, text: str, language: Language = Language.EN) -> list[str]:
    """Return the lines that tell what is wrong with a configuration."""
    with pytest.raises(ConfigMistakesError) as caught:
        load(written(folder, text))
    return caught.value.say(language).splitlines()[1:]


def mistake_in(folder: Path, key_and_value: str) -> str:
    """Return the only mistake in an account with one more key."""
    (line,) = mistakes(folder, f"{ACCOUNT}{key_and_value}\n")
    return line


HEADER = re.compile(r"^(?:# )?\[+(\w+)\]+$")
ONES_OWN = "# [accounts.push]"
"""A table in an account: it begins the last lines of the example."""


def example_keys() -> dict[str, list[str]]:
    """Return the keys of each table of the example, those in comments too."""
    tables: dict[str, list[str]] = {}
    keys: list[str] = []
    text, _, _ = EXAMPLE.read_text(encoding="utf-8").partition(ONES_OWN)
    for line in text.splitlines():
        if header := HEADER.match(line):
            keys = tables.setdefault(header[1], [])
        elif key := KEY.match(line):
            keys.append(key[1])
    return tables


def test_the_example_names_exactly_the_keys_that_there_are() -> None:
    known = {**TABLES, "accounts": Account}

    assert example_keys() == {
        name: [key.name for key in fields(table) if "parse" in key.metadata]
        for name, table in known.items()
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
        if header := HEADER.match(line):
            table = known[header[1]]
        elif key := KEY.match(line) or (line == ONES_OWN and ["", "push"]):
            if ONES_OWN in lines[:number]:
                continue
            declared = next(one for one in fields(table) if one.name == key[1])
            about = declared.metadata["about"]
            wrapped = [*wrap_columns(about.en, 86), *wrap_columns(about.ja, 86)]
            comment = lines[number - len(wrapped) : number]
            assert comment == [f"# {one}" for one in wrapped], key[1]


def test_each_key_in_a_comment_of_the_example_can_be_used(tmp_path: Path) -> None:
    """Lines that exclude each other are tried one by one."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    needed: list[int] = []
    for number, line in enumerate(lines):
        if line.startswith(("[", "# [")):
            needed = [number] if line.startswith("#") else []
        if line.startswith("# ") and KEY.match(line):
            tomllib.loads(line.removeprefix("# "))
            password = 'password_command = ["pass", "show", "mail/home"]'
            other = list(lines)
            for one in (*needed, number):
                other[one] = other[one].removeprefix("# ")
            is_oauth = not needed and line.startswith(
                ("# token_command", "# client_id")
            )
            if is_oauth:
                other[other.index('auth = "password"')] = 'auth = "oauth2"'
                other[other.index('provider = "gmail"')] = 'provider = "outlook"'
            if is_oauth or "password" in line:
                other.remove(password)
            load(written(tmp_path, "\n".join(other)))
            if len(needed) == 1:
                needed.append(number)  # its other keys are nothing without the first


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
        "accounts[1].provider",
        "accounts[1]",
    ]
    assert "write 30s or more" in lines[2]
    assert lines[6].endswith('in brackets: write ["2m"]')


@both_languages
def test_every_mistake_has_a_reason_and_a_remedy_in_words(
    tmp_path: Path, language: Language
) -> None:
    lines = mistakes(tmp_path, '[watch]\nwindow = "soon"\n[[accounts]]\n', language)

    for line in lines:
        assert re.fullmatch(r"  - [\w.\[\]]+: .{15,}", line)
        assert line.isascii() == (language is Language.EN)


@pytest.mark.parametrize(
    "key", ["password", "pass", "passwd", "app_password", "token", "secret", "pw"]
)
@both_languages
def test_a_password_cannot_stand_in_the_file_and_is_not_repeated(
    tmp_path: Path, language: Language, key: str
) -> None:
    for text in (f'{ACCOUNT}{key} = "hunter2"', f'{key} = "hunter2"\n{ACCOUNT}'):
        (line,) = mistakes(tmp_path, text, language)

        assert "password_file" in line
        assert "hunter2" not in line


@pytest.mark.parametrize(
    "key",
    ["pasword", "psw", "credential", "auth_key", "ｐａｓｓｗｏｒｄ", "ﾊﾟｽﾜｰﾄﾞ", "合言葉"],
)
def test_a_password_is_known_under_whatever_key(tmp_path: Path, key: str) -> None:
    (line,) = mistakes(tmp_path, f'{ACCOUNT}"{key}" = "hunter2"')

    assert line.startswith(f"  - accounts[1].{key}: passwords cannot stand here")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("password_fiel", "password_file"), ("password_fil", "password_file")),
        ("password_comand", "password_command"),
    ],
)
def test_a_misspelt_name_of_where_a_password_comes_from_is_no_password(
    tmp_path: Path, written: str, meant: str
) -> None:
    text = ACCOUNT.replace("password_env", written)
    (line,) = mistakes(tmp_path, text)

    assert f'did you mean "{meant}"?' in line


@pytest.mark.parametrize(
    "written",
    ['"hunter2" = "password"', "[accounts.hunter2]", '"password hunter2" = 1'],
)
@both_languages
def test_a_key_that_may_be_a_password_is_not_repeated(
    tmp_path: Path, language: Language, written: str
) -> None:
    (line,) = mistakes(tmp_path, f"{ACCOUNT}{written}", language)

    assert line.startswith("  - accounts[1].…: ")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "line", ['mailboxes = "hunter2"', 'addresses = "me@x.jp:hunter2"']
)
def test_what_is_to_be_a_list_and_may_be_anything_is_not_repeated(
    tmp_path: Path, line: str
) -> None:
    assert mistake_in(tmp_path, line).endswith('write it like ["first", "second"]')


@pytest.mark.parametrize("key", ["password_file", "password_env"])
def test_an_app_password_in_the_place_of_a_name_is_not_repeated(
    tmp_path: Path, key: str
) -> None:
    text = ACCOUNT.replace(
        'password_env = "MAIL_PASSWORD"', f'{key} = "abcd efgh ijkl mnop"'
    )
    (line,) = mistakes(tmp_path, text)

    assert line.startswith(f"  - accounts[1].{key}: passwords cannot stand here")
    assert "abcd" not in line


def test_a_command_that_is_no_list_is_not_repeated(tmp_path: Path) -> None:
    text = ACCOUNT.replace(
        'password_env = "MAIL_PASSWORD"', 'password_command = "hunter2"'
    )
    (line,) = mistakes(tmp_path, text)

    assert "list in brackets" in line
    assert "hunter2" not in line


def test_a_key_of_another_table_names_that_table(tmp_path: Path) -> None:
    assert "below [notify]" in mistake_in(tmp_path, 'language = "ja"')
    (line,) = mistakes(tmp_path, 'user = "taro"\n' + ACCOUNT)
    assert "below [[accounts]]" in line


def test_a_table_in_the_place_of_the_accounts_names_the_brackets(
    tmp_path: Path,
) -> None:
    (line,) = mistakes(tmp_path, ACCOUNT.replace("[[accounts]]", "[accounts]"))

    assert "[[accounts]], with two brackets" in line


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("Gmail", "gmail"),
        ("gmial", "gmail"),
        ("yahoo.co.jp", "yahoo_japan"),
        ("Yahoo! JAPAN", "yahoo_japan"),
        ("Yahoo", "yahoo"),
        ("taro@docomo.ne.jp", "docomo"),
        ("ドコモメール", "docomo"),
        ("imap.ocn.ne.jp", "ocn"),
        ("hotmail", "outlook"),
    ],
)
def test_a_provider_by_another_name_is_told_its_own(
    tmp_path: Path, written_as: str, meant: str
) -> None:
    line = mistake_in(tmp_path, f'provider = "{written_as}"')

    assert f'write "{meant}" (' in line


@pytest.mark.parametrize("written_as", ["softbank.ne.jp", "example.jp", "…", "x"])
def test_a_provider_that_is_not_known_is_taken_for_none(
    tmp_path: Path, written_as: str
) -> None:
    assert ": it must be one of" in mistake_in(tmp_path, f'provider = "{written_as}"')


def test_a_word_in_capitals_is_told_how_it_is_written(tmp_path: Path) -> None:
    assert 'write "starttls"' in mistake_in(tmp_path, 'tls = "STARTTLS"')


@pytest.mark.parametrize(
    ("table", "least"), [("[log]\nkeep", "1d"), ("[watch]\npoll_interval", "1s")]
)
@both_languages
def test_a_span_that_is_too_short_is_told_the_shortest_as_it_is_written(
    tmp_path: Path, language: Language, table: str, least: str
) -> None:
    (line,) = mistakes(tmp_path, f"{table} = '0.5s'\n{ACCOUNT}", language)

    assert f" {least} or more" in line or f"{least} 以上に" in line


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    assert '"mailboxes"' in mistake_in(tmp_path, 'mailbox = ["INBOX"]')
    assert '"ca_file"' in mistake_in(tmp_path, 'cafile = "ca.pem"')
    assert '"window" of [watch]? Rename' in mistake_in(tmp_path, 'windwo = "5m"')
    (line,) = mistakes(tmp_path, f"[watch]\nmdoe = 'poll'\n{ACCOUNT}")
    assert 'did you mean "mode"?' in line


def test_a_second_spelling_of_a_key_that_is_there_is_to_be_removed(
    tmp_path: Path,
) -> None:
    line = mistake_in(tmp_path, 'usr = "x"')

    assert line.endswith('did you mean "user"? Rename or remove it')


def test_an_unknown_key_that_is_near_none_names_those_of_its_table(
    tmp_path: Path,
) -> None:
    (line,) = mistakes(tmp_path, f"[watch]\nfoo = 1\n{ACCOUNT}")

    assert line.endswith("one of: window, mode, poll_interval, look_back, stores")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("user", "usr"), ("name", "nmae"), ("host", "hots"), ("accounts", "acounts")],
)
def test_a_slip_in_a_key_that_is_needed_is_one_mistake(
    tmp_path: Path, right: str, wrong: str
) -> None:
    (line,) = mistakes(tmp_path, ACCOUNT.replace(right, wrong, 1))

    assert f'did you mean "{right}"?' in line


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_the_slips_between_two_words_are_a_measure(first: str, second: str) -> None:
    slips = slips_between(first, second)

    assert slips == slips_between(second, first)
    assert (slips == 0) == (first == second)
    assert abs(len(first) - len(second)) <= slips <= max(len(first), len(second))


def test_two_letters_that_changed_places_are_one_slip() -> None:
    assert slips_between("windwo", "window") == 1
    assert slips_between("kitten", "sitting") == 3


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
        ("mailboxes = []", "accounts[1].mailboxes: the list is empty"),
        ('mailboxes = ["INBOX", " "]', "not empty"),
        ('authserv_id = "\u200b"', "not empty"),
        ('authserv_id = "\u3000"', "not empty"),
        ('authserv_id = "a\\nb"', "on one line"),
        ('ca_file = ""', "not empty"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    assert reason in mistake_in(tmp_path, line)


def test_blanks_around_a_name_are_no_part_of_it(tmp_path: Path) -> None:
    text = ACCOUNT.replace('"taro@example.jp"', '" taro@example.jp "')

    assert load(written(tmp_path, text)).accounts[0].user == "taro@example.jp"


OAUTH2 = 'auth = "oauth2"\n'


@pytest.mark.parametrize(
    ("keys", "mistake"),
    [
        ("", "accounts[1].token_command: the command that prints the access token"),
        ('client_id = "1"\n', "accounts[1].token_command: the command"),
        (
            'password_env = "X"\ntoken_command = ["x"]\n',
            'accounts[1].password_env: with auth = "oauth2" there is no password',
        ),
        (
            'client_id = "1"\ntoken_command = ["x"]\n',
            "accounts[1].client_id: token_command gives the token already",
        ),
    ],
)
def test_an_account_with_a_token_names_one_source_of_it(
    tmp_path: Path, keys: str, mistake: str
) -> None:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"\n', OAUTH2 + keys)
    (line,) = mistakes(tmp_path, text)

    assert mistake in line


def test_a_provider_without_passwords_asks_for_none(tmp_path: Path) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "outlook"')
    text = text.replace('password_env = "MAIL_PASSWORD"\n', "")
    (neither,) = mistakes(tmp_path, text)
    (with_id,) = mistakes(tmp_path, f'{text}client_id = "1"\n')

    assert (
        'accounts[1]: this provider takes no password: add auth = "oauth2"' in neither
    )
    assert "accounts[1].client_id: this key is for access tokens: add auth" in with_id


@pytest.mark.parametrize("key", ['token_command = ["x"]', 'client_id = "1"'])
def test_a_key_for_tokens_needs_the_login_by_token(tmp_path: Path, key: str) -> None:
    assert 'add auth = "oauth2"' in mistake_in(tmp_path, key)


def test_where_oauth_login_works_no_source_is_to_be_named(tmp_path: Path) -> None:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"', OAUTH2)
    outlook = text.replace('host = "imap.example.jp"', 'provider = "outlook"')

    assert load(written(tmp_path, outlook)).accounts[0].auth is Auth.OAUTH2


@pytest.mark.parametrize(
    ("value", "reason"),
    [("[]", "names a program"), ('"pass show"', "list in brackets")],
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


def test_paths_are_anchored_at_the_file_that_names_them(tmp_path: Path) -> None:
    text = ACCOUNT.replace('password_env = "MAIL_PASSWORD"', 'password_file = "p"')
    ca_file = Path("/ca.pem").absolute()
    text = f"[log]\npath = 'l.db'\n{text}ca_file = '{ca_file}'"
    config = load(written(tmp_path, text))

    assert config.log.path == tmp_path / "l.db"
    assert config.accounts[0].password_file == tmp_path / "p"
    assert config.accounts[0].ca_file == ca_file


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    assert default_path({"WATCHER_CONFIG": str(tmp_path / "x")}) == tmp_path / "x"
    assert default_path({}).parts[-2:] == ("watcher", "config.toml")


def test_the_state_lies_where_the_environment_says(tmp_path: Path) -> None:
    assert state_folder({"WATCHER_STATE": str(tmp_path / "x")}) == tmp_path / "x"
    assert "watcher" in state_folder({}).parts


def test_the_password_command_shows_in_no_repr(tmp_path: Path) -> None:
    text = ACCOUNT.replace(
        'password_env = "MAIL_PASSWORD"', 'password_command = ["echo", "hunter2"]'
    )

    assert "hunter2" not in repr(load(written(tmp_path, text)))


def test_another_provider_needs_a_host(tmp_path: Path) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "other"')
    (line,) = mistakes(tmp_path, text)

    assert "the server is missing" in line


def test_spans_are_read_as_users_write_them(tmp_path: Path) -> None:
    text = (
        '[watch]\nwindow = "90s"\nlook_back = "2h"\npoll_interval = 20\n'
        '[dkim]\ntimeout = "5"\n[log]\nkeep = "30d"\n'
    )
    config = load(written(tmp_path, text + ACCOUNT))

    assert config.watch.window == timedelta(seconds=90)
    assert config.watch.look_back == timedelta(hours=2)
    assert config.log.keep == timedelta(days=30)
    assert config.watch.poll_interval == timedelta(seconds=20)
    assert config.dkim.timeout == timedelta(seconds=5)


@pytest.mark.parametrize(
    "value", ["true", "0", "-5", '"5 minutes"', "1e300", "9999999999999", '""', "[5]"]
)
def test_any_other_span_is_refused(tmp_path: Path, value: str) -> None:
    (line,) = mistakes(tmp_path, f"[watch]\nlook_back = {value}\n{ACCOUNT}")

    assert line.startswith("  - watch.look_back: it must be a time span")


@pytest.mark.parametrize(
    ("written_as", "server"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        (" 127.0.0.1:5353 ", ("127.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
        ("::1", ("::1", 53)),
        ("tls://1.1.1.1", ("1.1.1.1", 853, "1.1.1.1")),
        ("tls://9.9.9.9:8853#dns.quad9.net", ("9.9.9.9", 8853, "dns.quad9.net")),
        ("tls://[::1]:8853", ("::1", 8853, "::1")),
        ("tls://::1", ("::1", 853, "::1")),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(
    tmp_path: Path, written_as: str, server: tuple[str, int, str]
) -> None:
    text = f'[dkim]\nnameservers = ["{written_as}"]\n{ACCOUNT}'

    (read,) = load(written(tmp_path, text)).dkim.nameservers
    assert read == NameServer(*server)
    again = f'[dkim]\nnameservers = ["{read}"]\n{ACCOUNT}'
    assert load(written(tmp_path, again)).dkim.nameservers == (read,)


@pytest.mark.parametrize(
    "written_as",
    [
        *("", "dns.example", "1.2.3.4:0", "1.2.3.4:99999", ":", "tls://dns.example"),
        *("1.1.1.1#dns.example", "tls://1.1.1.1#", "https://1.1.1.1/dns-query"),
        *("tls://1.1.1.1#a..b", "tls://1.1.1.1#.", f"tls://1.1.1.1#{'a' * 64}"),
    ],
)
def test_any_other_name_server_is_refused(tmp_path: Path, written_as: str) -> None:
    text = f'[dkim]\nnameservers = ["{written_as}"]\n{ACCOUNT}'
    (line,) = mistakes(tmp_path, text)

    assert line.startswith("  - dkim.nameservers: it must be")


PUSH = '[push]\nurl = "https://ntfy.sh/secret-topic"\n'


def test_each_account_may_have_a_phone_of_its_own(tmp_path: Path) -> None:
    own = '[accounts.push]\nurl = "http://127.0.0.1:8080/own"\nca_file = "ca.pem"\n'
    config = load(written(tmp_path, f"{ACCOUNT}{own}{PUSH}"))

    (account,) = config.accounts
    assert (config.push.url, config.push.link) == (
        "https://ntfy.sh/secret-topic",
        False,
    )
    assert account.push.url == "http://127.0.0.1:8080/own"
    assert account.push.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    "url",
    [
        "https://ntfy.sh/topic",
        "HTTPS://ntfy.example.jp:8443/topic/",
        "http://localhost/t-o_p1c",
        "http://[::1]:8080/topic",
        "tgram://123:abc/456",
        "json+x://host?a=b#c",
    ],
)
def test_a_phone_is_named_by_a_topic_of_ntfy_or_a_url_of_apprise(
    tmp_path: Path, url: str
) -> None:
    config = load(written(tmp_path, f'{ACCOUNT}[push]\nurl = "{url}"'))

    assert config.push.url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hunter2", "address of an ntfy topic"),
        ("ntfy.sh/hunter2", "address of an ntfy topic"),
        ("tgram://hunter2 x", "address of an ntfy topic"),
        ("https://ntfy.sh", "one name of letters"),
        ("https://ntfy.sh/", "one name of letters"),
        ("https://ntfy.sh/a/hunter2", "one name of letters"),
        ("https://ntfy.sh/hunter2?auth=x", "one name of letters"),
        ("https://me:hunter2@ntfy.sh/topic", "token_command"),
        ("https://ntfy.sh:x/hunter2", "one name of letters"),
        ("https://[ntfy.sh/hunter2", "one name of letters"),
        (f"https://ntfy.sh/hunter2{'x' * 64}", "one name of letters"),
        ("http://ntfy.sh/hunter2", "without encryption"),
        ("http://localhost.example.jp/hunter2", "without encryption"),
    ],
)
@both_languages
def test_another_url_is_refused_and_not_repeated(
    tmp_path: Path, url: str, reason: str, language: Language
) -> None:
    (line,) = mistakes(tmp_path, f'{ACCOUNT}[push]\nurl = "{url}"', language)

    assert line.startswith("  - push.url: ")
    assert "hunter2" not in line
    assert language is Language.JA or reason in line


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("[push]\nlink = true", "push.url"),
        ('[push]\nwhen = "expected"', "push.url"),
        ('[push]\nurl = "tgram://x"\nca_file = "ca.pem"', "push.ca_file"),
        ('[push]\nurl = "tgram://x"\ntoken_command = ["x"]', "push.token_command"),
        ('[accounts.push]\nurl = "x"', "accounts[1].push.url"),
        ("[accounts.push]\nlink = true", "accounts[1].push.url"),
        ('[accounts.push]\ntopic = "x"', "accounts[1].push.topic"),
        ('[push]\nurl = "tgram://x"\nwhen = "never"', "push.when"),
        ('[push]\ntoken = "hunter2"', "push.token"),
    ],
)
@both_languages
def test_what_does_not_go_together_for_a_phone_is_told(
    tmp_path: Path, lines: str, key: str, language: Language
) -> None:
    (line,) = mistakes(tmp_path, f"{ACCOUNT}{lines}", language)

    assert line.startswith(f"  - {key}: ")
    assert "hunter2" not in line


def test_a_phone_that_is_no_table_is_told_how_to_write_it(tmp_path: Path) -> None:
    line = mistake_in(tmp_path, 'push = "https://ntfy.sh/hunter2"')

    assert "accounts[1].push: it must be a table: write [accounts.push]" in line
    assert "hunter2" not in line


def test_the_address_of_a_phone_is_in_no_repr(tmp_path: Path) -> None:
    own = PUSH.replace("[push]", "[accounts.push]").replace("secret", "hidden")
    config = load(written(tmp_path, f"{ACCOUNT}{own}{PUSH}"))

    assert not re.search("secret-topic|hidden-topic", repr(config))


def test_a_command_for_events_is_read(tmp_path: Path) -> None:
    text = '[hook]\ncommand = ["x", "y"]\nevents = ["attempt"]\nsecrets = true'
    hook = load(written(tmp_path, f"{ACCOUNT}{text}")).hook

    assert (hook.command, hook.events, hook.secrets) == (
        ("x", "y"),
        (EventName.ATTEMPT,),
        True,
    )
    assert "x" not in repr(hook).replace("expired", "")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('command = "hunter2 x"', "hook.command"),
        ("command = []", "hook.command"),
        ('events = ["attempt"]', "hook.command"),
        ("secrets = true", "hook.command"),
        ('command = ["x"]\nevents = ["atempt"]', "hook.events"),
        ('command = ["x"]\nevents = "attempt"', "hook.events"),
        ('command = ["x"]\nevent = ["attempt"]', "hook.event"),
    ],
)
@both_languages
def test_a_command_that_cannot_be_is_told(
    tmp_path: Path, line: str, key: str, language: Language
) -> None:
    (said,) = mistakes(tmp_path, f"{ACCOUNT}[hook]\n{line}", language)

    assert said.startswith(f"  - {key}: ")
    assert "hunter2" not in said
