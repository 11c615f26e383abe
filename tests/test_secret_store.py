"""Where `init` keeps a password: only in a keyring that proves to keep it."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from tests import desktop
from tests.desktop import session_bus
from tests.environment import is_private
from tests.fakes import linux_only
from watcher.config import secret_store
from watcher.config.credentials import FromFile, FromKeyring
from watcher.config.secret_store import keep_in_file, keep_in_keyring, keyring_works
from watcher.errors import ConfigError


class Keeping(KeyringBackend):
    """A keyring that does what it should, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Forgetful(Keeping):
    def get_password(self, service: str, username: str) -> str | None:
        return None


class Locked(Keeping):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"locked, and {password} is not kept")


class Undeletable(Keeping):
    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError


class Useless(Keeping):
    priority = -1


@pytest.fixture(autouse=True)
def own_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_keyring_that_keeps_and_deletes_is_used_and_left_empty() -> None:
    one = Keeping()
    keyring.set_keyring(one)
    assert keyring_works()
    assert one.kept == {}


@pytest.mark.parametrize("kind", [Forgetful, Locked, Undeletable, Useless])
def test_a_keyring_that_does_not_prove_itself_is_not_used(kind: type[Keeping]) -> None:
    keyring.set_keyring(kind())
    assert not keyring_works()


def test_a_keyring_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    is_over = threading.Event()

    class Hanging(Keeping):
        def set_password(self, service: str, username: str, password: str) -> None:
            is_over.wait()

    monkeypatch.setattr(secret_store, "PROBE_TIMEOUT_S", 0.01)
    keyring.set_keyring(Hanging())
    try:
        assert not keyring_works()
    finally:
        is_over.set()


def test_what_is_kept_in_the_keyring_is_found_by_the_configuration() -> None:
    keyring.set_keyring(Keeping())
    assert keep_in_keyring("imap.example.jp", "anna", "geheim")
    assert FromKeyring("imap.example.jp", "anna")() == "geheim"


class Shortening(Keeping):
    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:20])


@pytest.mark.parametrize("kind", [Locked, Forgetful, Shortening])
def test_what_does_not_read_back_was_not_kept(kind: type[Keeping]) -> None:
    keyring.set_keyring(kind())
    assert not keep_in_keyring("imap.example.jp", "anna", "geheim" * 9)


@linux_only("the keyring of a D-Bus desktop")
def test_the_keyring_of_a_desktop_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_bus() as bus, desktop.keyring(bus, tmp_path):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        keyring.set_keyring(
            keyring.core.load_keyring("keyring.backends.SecretService.Keyring")
        )
        assert keyring_works()
        assert keep_in_keyring("imap.example.jp", "anna", "ひみつ")
        assert FromKeyring("imap.example.jp", "anna")() == "ひみつ"


def test_a_file_is_its_owners_alone_and_takes_no_others_place(tmp_path: Path) -> None:
    folder = tmp_path / "watcher"
    first = keep_in_file(folder, "password-home", "one")
    second = keep_in_file(folder, "password-home", "two")
    assert (first.name, second.name) == ("password-home.txt", "password-home-2.txt")
    assert (FromFile(first)(), FromFile(second)()) == ("one", "two")
    assert is_private(first)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "watcher").write_text("")
    with pytest.raises(ConfigError, match=r"password-home\.txt cannot be written"):
        keep_in_file(tmp_path / "watcher", "password-home", "one")
