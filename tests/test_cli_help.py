"""`watcher` alone: the help, and the way to a first configuration."""

import os

import pytest

from tests.environment import Home, MailUser
from watcher.cli.arguments import COMMANDS
from watcher.errors import ExitCode


def test_without_a_command_the_help_comes(mail_user: MailUser) -> None:
    home = mail_user.home

    assert home.run() == home.run("--help")
    assert home.run("-v").out == home.run("--help").out


@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
def test_without_a_configuration_init_is_offered_first(
    home: Home, language: str
) -> None:
    done = home.run(environment={"LANG": language})

    assert (done.code, done.err) == (ExitCode.OK, "")
    first, rest = done.out.split("\n\n", 1)
    assert "watcher init" in first
    assert str(home.config) in first
    assert rest == home.run("--help", environment={"LANG": language}).out


def test_a_file_under_another_name_is_named_first(home: Home) -> None:
    home.configure()
    home.config.rename(home.config.with_name("config.toml.txt"))

    assert "lies config.toml.txt" in home.run().out.splitlines()[0]


@pytest.mark.parametrize("answer", [b"n\n", b"No\n", b"\x04"], ids=repr)
def test_at_a_terminal_it_asks_and_a_no_is_followed_by_the_help(
    home: Home, answer: bytes
) -> None:
    with home.started(is_controlled=True) as asking:
        asking.await_text("Run `watcher init` now? [Y/n]")
        os.write(asking.terminal, answer)
        code = asking.await_end()

    assert code == ExitCode.OK
    assert all(f"    {command}" in asking.seen for command in COMMANDS)
