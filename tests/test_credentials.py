"""Passwords: fetched anew, read whole, shown nowhere; failures name their remedy."""

import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import keyring
import pytest

from tests.fakes import PATIENCE_S, posix_only
from watcher.config.accounts import watched
from watcher.config.cleaning import clean_password
from watcher.config.credentials import (
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
)
from watcher.config.schema import Account as Entry
from watcher.config.schema import Config
from watcher.errors import ConfigError, SecretUnavailable
from watcher.i18n import Language


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_gives_its_first_line() -> None:
    said = "geheim wört \nurl: x\n".encode()
    code = f"import sys; sys.stdout.buffer.write({said!r})"

    assert FromCommand(python(code))() == "geheim wört "


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


@pytest.mark.parametrize("program", ["pass", "/no/such/program"])
def test_a_program_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(ConfigError, match=f"password_command: {program} cannot be run"):
        FromCommand((program,))()


def test_an_environment_variable_is_read() -> None:
    assert FromEnvironment("PASS", {"PASS": "geheim"})() == "geheim"


@pytest.mark.parametrize("environment", [{}, {"PASS": ""}])
def test_a_variable_that_is_not_set_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="PASS"):
        FromEnvironment("PASS", environment)()


@pytest.mark.parametrize("password", ["Hunter2Xyz", "abcdefghijklmnop", "x" * 5000])
@pytest.mark.parametrize("language", Language)
def test_a_password_in_the_place_of_its_source_is_not_repeated(
    tmp_path: Path, password: str, language: Language
) -> None:
    sources: dict[str, Callable[[], str]] = {
        "password_command": FromCommand((password,)),
        "password_env": FromEnvironment(password, {}),
        "password_file": FromFile(tmp_path / password),
    }
    for key, source in sources.items():
        with pytest.raises(ConfigError) as caught:
            source()
        said = caught.value.say(language)
        assert said.startswith(f"{key}: ")
        assert password not in said
        assert caught.value.__cause__ is None


def secret_file(folder: Path, content: bytes) -> FromFile:
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    return FromFile(file)


@pytest.mark.parametrize(
    "text",
    [
        *("geheim", "geheim\n", "geheim\r\n", "geheim\r\nmore\r\n", "\r\n\ngeheim\n"),
        *(
            "  geheim\t ",
            "\u00a0geheim\u3000",
            "\u200bgeheim\u202f\ufeff\n",
            "\u2060\ngeheim",
        ),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_editors_and_clipboards_add_is_no_part_of_the_password(
    tmp_path: Path, text: str, encoding: str
) -> None:
    assert secret_file(tmp_path, text.encode(encoding))() == "geheim"


def test_a_file_in_the_other_utf_16_is_read(tmp_path: Path) -> None:
    assert secret_file(tmp_path, "\ufeffgeheim\n".encode("utf-16-be"))() == "geheim"


def test_what_stands_below_the_password_may_be_in_any_encoding(tmp_path: Path) -> None:
    content = "geheim\nアプリパスワード\n".encode("cp932")

    assert secret_file(tmp_path, content)() == "geheim"


@pytest.mark.parametrize(
    "content",
    ["ひみつ".encode("cp932"), "geheim".encode("utf-16-le"), b"\xff\xfe\n"],
    ids=["CP932", "UTF-16 without its mark", "half a sign"],
)
def test_a_password_that_is_not_utf_8_names_the_remedy(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(ConfigError, match="save the file as UTF-8"):
        secret_file(tmp_path, content)()


@pytest.mark.parametrize("content", [b"", b"\n \n", "\ufeff".encode()])
def test_a_file_without_a_password_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError, match="gave no password"):
        secret_file(tmp_path, content)()


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "abcd efgh ijkl mnop",
            " abcd efgh ijkl mnop\n",
            "abcd\u00a0efgh\u00a0ijkl mnop",
        ),
        *("abcd  efgh\u3000ijkl\tmnop", "abcdefghijklmnop"),
    ],
    ids=ascii,
)
def test_four_groups_of_an_app_password_are_joined(typed: str) -> None:
    assert clean_password(typed) == "abcdefghijklmnop"


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse", "abcd efgh ijkl", "Abcd efgh ijkl mnop", "a\u00a0b"),
        *(
            "abcd-efgh-ijkl-mnop",
            "abc def ghi jkl",
            "abcd efgh ijkl mnop qrst",
            "a\u200bb",
        ),
    ],
    ids=ascii,
)
def test_nothing_else_inside_a_password_is_changed(password: str) -> None:
    assert clean_password(password) == password


def test_what_people_paste_elsewhere_is_cleaned_too() -> None:
    assert FromEnvironment("PASS", {"PASS": "abcd efgh ijkl mnop "})() == (
        "abcdefghijklmnop"
    )
    with pytest.raises(ConfigError, match="PASS"):
        FromEnvironment("PASS", {"PASS": "\ufeff "})()


@posix_only("file modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text("geheim")
    file.chmod(mode)

    with pytest.raises(ConfigError, match="chmod 600"):
        FromFile(file)()


@posix_only("pipes in the file system")
def test_a_pipe_is_no_password_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret", 0o600)

    with pytest.raises(ConfigError, match="ordinary file"):
        FromFile(tmp_path / "secret")()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path / "none.txt"))):
        FromFile(tmp_path / "none.txt")()
    with pytest.raises(ConfigError, match=re.escape(f"In {tmp_path} the file")):
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
        return {("imap.example.com", "anna"): "geheim\\u3000"}.get((service, username))
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


@posix_only("yes(1)")
def test_a_command_that_prints_without_end_is_ended() -> None:
    with pytest.raises(ConfigError, match="more than 64 KiB"):
        FromCommand(("yes",))()


@posix_only("file modes")
def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(0o600)
    os.truncate(path, 20 * 1024**3)

    with pytest.raises(ConfigError, match="longer than 64 KiB"):
        FromFile(path)()


@posix_only("process groups")
def test_what_a_command_that_hangs_has_started_ends_with_it(tmp_path: Path) -> None:
    latch = tmp_path / "latch"
    os.mkfifo(latch)
    shell = f"sleep 60 >{latch} & wait"
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(latch.read_bytes)  # until nobody can write any more
        with pytest.raises(SecretUnavailable):
            FromCommand(("sh", "-c", shell), timedelta(seconds=0.5))()
        assert reading.result(PATIENCE_S) == b""


def test_a_command_sees_no_other_accounts_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_PASSWORD", "geheim")
    config = Config(
        accounts=(
            Entry(name="a", user="a", host="a.example", password_env="OTHER_PASSWORD"),
            Entry(
                name="b",
                user="b",
                host="b.example",
                password_command=python(
                    "import os; print(os.environ.get('OTHER_PASSWORD', 'nothing'))"
                ),
            ),
        )
    )

    assert watched(config)[1].account.get_secret() == "nothing"
