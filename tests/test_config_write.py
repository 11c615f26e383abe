"""What `init` writes: it reads back as it was meant, and nothing is ever lost."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.environment import is_private
from tests.fakes import posix_only
from watcher.config.load import load
from watcher.config.schema import Account
from watcher.config.write import account_table, add_account, create
from watcher.errors import ConfigError
from watcher.imap.choices import Tls
from watcher.recognition.text import one_line

HOME = Account(name="home", user="anna@example.jp", provider="gmail", keyring=True)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
).filter(str.strip)
NAME = (
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1)
    .map(str.strip)
    .filter(one_line)
)
"""What is shown, on one line, and without blanks around it."""


@given(name=NAME, user=NAME, words=st.lists(TEXT, min_size=1), mailbox=TEXT)
def test_whatever_an_account_holds_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    user: str,
    words: list[str],
    mailbox: str,
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    account = Account(
        name=name,
        user=user,
        password_command=tuple(words),
        host="imap.example.jp",
        port=1993,
        tls=Tls.STARTTLS,
        mailboxes=(mailbox, "\\Junk"),
    )
    create(path, account_table(account))
    assert load(path).accounts == (account,)


def test_keys_that_have_their_default_are_left_out() -> None:
    assert account_table(HOME) == (
        '[[accounts]]\nname = "home"\nprovider = "gmail"\nuser = "anna@example.jp"\n'
        "keyring = true\n"
    )


def test_only_the_owner_may_read_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    create(path, account_table(HOME))
    assert is_private(path)
    assert is_private(path.parent)


def test_an_account_is_put_behind_all_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    before = f"# mine\n[watch]\nwindow = '4m'  # less\n\n{account_table(HOME)}# end"
    path.write_text(before)
    path.chmod(0o600)
    copy = add_account(path, account_table(replace(HOME, name="work")))

    assert path.read_text().startswith(before)
    assert [one.name for one in load(path).accounts] == ["home", "work"]
    assert copy.read_text() == before


def test_a_copy_takes_the_place_of_no_other_copy(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    create(path, account_table(HOME))
    first = add_account(path, account_table(replace(HOME, name="two")))
    kept = first.read_text()
    second = add_account(path, account_table(replace(HOME, name="three")))
    assert first != second
    assert first.read_text() == kept


@pytest.mark.parametrize(
    "before",
    [
        "accounts = [{name = 'a', user = 'b', provider = 'gmail', keyring = true}]",
        account_table(HOME),  # the same name twice
        "[watch]\nwindow = '",
    ],
)
def test_where_nothing_can_be_added_nothing_changes(
    tmp_path: Path, before: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"\[\[accounts\]\]"):
        add_account(path, account_table(HOME))
    assert path.read_text() == before
    assert [*tmp_path.iterdir()] == [path]


@posix_only("links in the file system")
def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "watcher.toml"
    create(real, account_table(HOME))
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    add_account(link, account_table(replace(HOME, name="work")))
    assert link.is_symlink()
    assert len(load(real).accounts) == 2


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "watcher").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        create(tmp_path / "watcher" / "config.toml", account_table(HOME))


def test_a_file_whose_place_is_taken_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("broken")
    aside = create(path, account_table(HOME))
    assert aside is not None
    assert aside.read_text() == "broken"
    assert load(path).accounts == (HOME,)


def test_a_file_whose_place_cannot_be_taken_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("broken")
    with pytest.raises(ConfigError):
        create(path, "[accounts]")
    assert path.read_text() == "broken"
    assert [*tmp_path.iterdir()] == [path]
