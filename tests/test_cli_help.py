"""`watcher` alone: the help, and the way to a first configuration."""

import os
from pathlib import Path

import pytest

from tests.environment import Home, MailUser
from watcher.cli.arguments import COMMANDS
from watcher.cli.no_command import CLICKED_IN
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


def test_a_double_click_shows_how_watcher_stands_and_how_commands_are_typed(
    mail_user: MailUser,
) -> None:
    status = mail_user.home.run("status")

    done = mail_user.home.run(environment={CLICKED_IN: "/a folder/"})

    assert (done.code, done.err) == (status.code, status.err)
    assert done.out.startswith(status.out)
    assert f"open the folder {Path('/a folder')} in the Explorer" in done.out


def test_the_first_double_click_sets_watcher_up(home: Home) -> None:
    home.environment[CLICKED_IN] = "/"

    with home.started(is_controlled=True) as asking:
        asking.await_text("1. ")

    assert "A few questions, and watcher is ready." in asking.seen
    assert "Run `watcher init` now?" not in asking.seen
