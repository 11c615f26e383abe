"""The configuration file is found, or what lies there instead of it is told."""

import os
import re
import socket
from pathlib import Path

import pytest

from tests.environment import ACCOUNT, written
from tests.fakes import posix_only
from watcher.config.load import load
from watcher.config.regular import opened
from watcher.errors import ConfigError
from watcher.i18n import Language

JAPANESE = ACCOUNT.replace('"home"', '"自宅"')


def refusal(path: Path) -> str:
    """Return the sentence, the same facts being in both languages."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert all(str(path) in caught.value.say(language) for language in Language)
    return str(caught.value)


def test_a_missing_file_says_where_it_should_be_and_offers_init(
    tmp_path: Path,
) -> None:
    assert "watcher init" in refusal(tmp_path / "config.toml")
    assert "watcher init" in refusal(tmp_path / "no" / "folder" / "config.toml")


@pytest.mark.parametrize(
    "name",
    ["config.toml.txt", "config.txt", "config.toml.toml", "Config.TOML.txt", "config"],
)
def test_a_file_under_another_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.toml.d").mkdir()
    (tmp_path / "other.toml").touch()
    (tmp_path / name).touch()

    said = refusal(tmp_path / "config.toml")

    assert f"lies {name}: rename that to config.toml" in said


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()

    assert "is a folder" in refusal(tmp_path / "config.toml")


@posix_only("pipes and links in the file system")
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    os.mkfifo(path, 0o600)
    pipe = refusal(path)
    path.unlink()
    path.symlink_to(os.devnull)
    device = refusal(path)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listener = refusal(path)

    for said in (pipe, device, listener):
        assert "put an ordinary file in its place" in said


@posix_only("pipes and links in the file system")
def test_a_pipe_that_comes_between_the_look_and_the_opening_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, ACCOUNT)
    found = path.stat()
    path.unlink()
    os.mkfifo(path, 0o600)
    monkeypatch.setattr(Path, "stat", lambda _: found)

    with pytest.raises(ConfigError, match="ordinary file"):
        opened(path)


@posix_only("the errors of its file system")
def test_what_else_the_system_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "Not a directory" in refusal(tmp_path / "file" / "config.toml")


@posix_only("file modes")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, ACCOUNT)
    path.chmod(mode)

    assert "chmod go-w" in refusal(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_editors_save_as_unicode_is_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, JAPANESE.encode(encoding))

    assert load(path).accounts[0].name == "自宅"


def test_utf_16_is_read_in_both_byte_orders(tmp_path: Path) -> None:
    path = written(tmp_path, f"\ufeff{JAPANESE}".encode("utf-16-be"))

    assert load(path).accounts[0].name == "自宅"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["cp932", "euc-jp"])
def test_another_encoding_names_the_line_and_the_remedy(
    tmp_path: Path, encoding: str, line_end: str
) -> None:
    text = JAPANESE.replace("\n", line_end)

    said = refusal(written(tmp_path, text.encode(encoding)))

    assert re.search(r"not saved as UTF-8 \(line 3\)\. In Notepad: .*UTF-8", said)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_names_the_remedy(
    tmp_path: Path, encoding: str
) -> None:
    assert "not saved as UTF-8" in refusal(written(tmp_path, ACCOUNT.encode(encoding)))


def test_utf_16_that_is_cut_off_names_the_remedy(tmp_path: Path) -> None:
    path = written(tmp_path, ACCOUNT.encode("utf-16")[:-1])

    assert "not saved as UTF-8" in refusal(path)


@posix_only("owners and modes")
def test_a_file_that_another_user_could_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, ACCOUNT)
    owner = path.stat().st_uid
    os.chown(path, owner or 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    said = refusal(path)

    assert "belongs to another user" in said


@posix_only("owners and modes")
def test_a_file_of_the_system_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, ACCOUNT)
    if path.stat().st_uid != 0:
        pytest.skip("only root can make a file of the system")
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    assert load(path).accounts


@posix_only("owners and modes")
@pytest.mark.parametrize("is_behind_a_link", [False, True])
def test_a_file_in_a_folder_that_others_can_write_is_refused(
    tmp_path: Path, is_behind_a_link: bool
) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    path = written(folder, ACCOUNT)
    if is_behind_a_link:
        path = tmp_path / "config.toml"
        path.symlink_to(folder / "config.toml")
    folder.chmod(0o777)
    said = refusal(path)
    folder.chmod(0o1777)

    assert f"chmod go-w '{folder}'" in said
    assert load(path).accounts


def test_a_file_out_of_all_reason_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, ACCOUNT)
    os.truncate(path, 1024**3)

    assert "longer than 1024 KiB" in refusal(path)


@pytest.mark.parametrize("key", ["user", "host", "authserv_id", "name"])
def test_a_nul_in_a_text_is_refused(tmp_path: Path, key: str) -> None:
    without = "\n".join(line for line in ACCOUNT.splitlines() if f"{key} " not in line)
    path = written(tmp_path, without + f'\n{key} = "a\\u0000b"\n')

    assert "NUL" in str(refusal(path))


def test_a_nul_in_a_list_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ACCOUNT + '\naddresses = ["a\\u0000@example.jp"]\n')

    assert "accounts[1].addresses: it holds the character NUL" in refusal(path)
