"""Passwords: fetched anew, read whole, shown nowhere; failures name their remedy."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import missing
from watcher.config.credentials import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
)
from watcher.errors import ConfigError, SecretUnavailable


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_gives_its_first_line() -> None:
    assert (
        FromCommand(python("print('geheim wört '); print('url: x')"))()
        == "geheim wört "
    )


def test_only_the_end_of_the_line_is_taken_off() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'  blank\t \r\n')"

    assert FromCommand(python(code))() == "  blank\t "


def test_a_command_is_run_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    command = FromCommand(python(f"print(open({str(file)!r}).read())"))
    file.write_text("one")
    first = command()
    file.write_text("two")

    assert (first, command()) == ("one", "two")


def test_no_shell_reads_the_command() -> None:
    assert FromCommand((*python("import sys; print(sys.argv[1])"), "$HOME; ls"))() == (
        "$HOME; ls"
    )


@pytest.mark.parametrize(
    "code", ["pass", "print()", "import os; os.write(1, b'\\xff\\n')"]
)
def test_a_command_without_a_password_is_an_error(code: str) -> None:
    with pytest.raises(ConfigError, match="gave no password"):
        FromCommand(python(code))()


def test_a_command_that_fails_may_work_later() -> None:
    with pytest.raises(SecretUnavailable, match="status 3"):
        FromCommand(python("print('half'); raise SystemExit(3)"))()


def test_a_command_that_hangs_is_ended() -> None:
    command = FromCommand(python("import time; time.sleep(60)"), timedelta(seconds=0.2))

    with pytest.raises(SecretUnavailable, match="locked"):
        command()


def test_a_command_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="no-such-program"):
        FromCommand(("no-such-program",))()


def test_an_environment_variable_is_read() -> None:
    assert FromEnvironment("PASS", {"PASS": "geheim"})() == "geheim"


@pytest.mark.parametrize("environment", [{}, {"PASS": ""}])
def test_a_variable_that_is_not_set_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="PASS"):
        FromEnvironment("PASS", environment)()


def test_a_file_gives_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim\nmore\n")
    file.chmod(0o600)

    assert FromFile(file)() == "geheim"


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim")
    file.chmod(mode)

    with pytest.raises(ConfigError, match="chmod 600"):
        FromFile(file)()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=str(tmp_path / "none")):
        FromFile(tmp_path / "none")()


def test_no_source_shows_a_secret() -> None:
    source = FromEnvironment("PASS", {"PASS": "geheim"})

    assert "geheim" not in repr(source)


KEYRINGS = """
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Open(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        return {("imap.example.com", "anna"): "geheim"}.get((service, username))
    def set_password(self, service, username, password): ...

class Locked(Open):
    def get_password(self, service, username):
        raise KeyringLocked("the collection is locked")
"""


@pytest.fixture
def keyrings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_keyrings.py").write_text(KEYRINGS)
    monkeypatch.syspath_prepend(str(tmp_path))


def use(name: str) -> None:
    try:
        import keyring
    except ImportError:
        missing("keyring is not installed: pip install '.[keyring]'")
    keyring.set_keyring(keyring.core.load_keyring(name))


@pytest.mark.usefixtures("keyrings")
def test_the_keyring_is_asked_by_host_and_user() -> None:
    use("own_keyrings.Open")

    assert FromKeyring("imap.example.com", "anna")() == "geheim"
    with pytest.raises(ConfigError, match=r"keyring set imap\.example\.com bob"):
        FromKeyring("imap.example.com", "bob")()


@pytest.mark.usefixtures("keyrings")
def test_a_locked_keyring_is_no_wrong_password() -> None:
    use("own_keyrings.Locked")

    with pytest.raises(SecretUnavailable, match="unlock"):
        FromKeyring("imap.example.com", "anna")()


def test_a_machine_without_keyring_is_told_so() -> None:
    use("keyring.backends.fail.Keyring")

    with pytest.raises(ConfigError, match="password_file"):
        FromKeyring("imap.example.com", "anna")()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(ConfigError, match=r"\[keyring\]"):
        FromKeyring("imap.example.com", "anna")()
