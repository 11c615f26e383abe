"""A file that is written while the program runs is read once it is whole."""

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from watcher.app import configfile
from watcher.app.changes import FileWait
from watcher.app.configfile import (
    LOOK_EVERY_S,
    QUIET_LOOK_S,
    ConfigFile,
    ConfigRead,
    ConfigRefused,
    ConfigWatch,
    FromConfig,
    PasswordWritten,
    Settled,
    Stamp,
    Taken,
)
from watcher.config.schema import Account, Config, Notify
from watcher.errors import ConfigError
from watcher.i18n import Text


def test_a_file_is_news_once_it_is_written_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    file = Settled(path, Stamp.of(path))

    looks = [file.is_news()]
    path.write_text("")
    looks.append(file.is_news())
    path.write_text("new text")
    looks += [file.is_news() for _ in range(3)]

    assert looks == [False, False, False, True, False]


def test_a_file_that_is_replaced_or_was_written_before_the_first_look_is_news(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    read = Stamp.of(path)
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").replace(path)
    file = Settled(path, read)

    assert [file.is_news() for _ in range(3)] == [False, True, False]


def test_a_file_that_vanishes_for_a_moment_is_no_news(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    file = Settled(path, Stamp.of(path))

    path.rename(tmp_path / "away")
    looks = [file.is_news()]
    (tmp_path / "away").rename(path)
    # A rename changes the time of change of the inode: it is read, and is the same.
    looks += [file.is_news()]
    path.unlink()
    looks += [file.is_news(), file.is_news(), file.is_news()]

    assert looks == [False, False, False, True, False]


def config_of(path: Path) -> Config:
    text = path.read_text()
    if text == "bad":
        raise ConfigError(Text(en="bad", ja="不良"))
    return Config(notify=Notify(enabled=text == "on"))


def test_each_look_tells_what_was_written(tmp_path: Path) -> None:
    path, secret = tmp_path / "config.toml", tmp_path / "secret"
    path.write_text("on")
    accounts = (
        Account(name="home", password_file=secret),
        Account(name="work", password_file=tmp_path / "none"),
        Account(name="other"),
    )
    taken = Taken(Config(accounts=accounts), Stamp.of(path))
    file = ConfigFile(path=path, taken=taken, load=lambda: config_of(path))
    watch = ConfigWatch(file, lambda _: None)

    def found(write: Callable[[], object]) -> list[FromConfig]:
        write()
        return [item for _ in range(3) for item in watch.look()]

    assert found(lambda: None) == []
    assert found(lambda: secret.write_text("x")) == [
        PasswordWritten(frozenset({"home"}))
    ]
    (refused,) = found(lambda: path.write_text("bad"))
    assert isinstance(refused, ConfigRefused)
    (read,) = found(lambda: path.write_text("off"))
    assert read == ConfigRead(
        Taken(Config(notify=Notify(enabled=False)), Stamp.of(path))
    )


class Waits(FileWait):
    """Notes how it is waited, and ends the waits when the test has done all."""

    def __init__(self, paths: Iterable[Path]) -> None:
        super().__init__(paths)
        self.waited: list[float | None] = []
        self.then: list[Callable[[], object]] = []

    def until_changed(self, longest_s: float | None) -> bool:
        self.waited.append(longest_s)
        if self.then:
            self.then.pop(0)()
            return True
        return False

    def pause(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return True


def test_a_file_is_looked_at_when_it_changes_and_soon_again_until_it_is_settled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("on")
    taken = Taken(Config(), Stamp.of(path))
    came: list[FromConfig] = []
    file = ConfigFile(path=path, taken=taken, load=lambda: config_of(path))
    watch = ConfigWatch(file, came.append)
    with closing(Waits([path])) as waits:
        waits.then = [lambda: None, lambda: path.write_text("off")]
        watch.run(waits)

    assert waits.waited[1:] == [QUIET_LOOK_S, QUIET_LOOK_S, LOOK_EVERY_S, QUIET_LOOK_S]
    assert [type(one) for one in came] == [ConfigRead]


def test_a_look_that_fails_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configfile, "LOOK_EVERY_S", 0.0)
    path = tmp_path / "config.toml"
    is_first = iter([True])
    came: SimpleQueue[FromConfig] = SimpleQueue()

    def load() -> Config:
        path.touch()
        if next(is_first, False):
            raise RuntimeError
        return Config()

    taken = Taken(Config(), Stamp.of(path))
    watch = ConfigWatch(ConfigFile(path=path, taken=taken, load=load), came.put)
    path.touch()
    with watch.running():
        assert isinstance(came.get(timeout=30), ConfigRead)
