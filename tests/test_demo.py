"""The demo shows the whole program at work, and says so when something is wrong."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.environment import Home
from tests.fakes import RecordingChannel
from watcher.demo import mails
from watcher.demo.script import Step, default_script, play
from watcher.errors import ExitCode
from watcher.i18n import Language
from watcher.notify.notification import Channel, OnAction
from watcher.recognition.verdict import Recognised


def test_the_demo_tells_the_whole_story_and_ends_well(home: Home) -> None:
    done = home.run("demo", "--seconds", "3", "--no-notify")

    assert (done.code, done.err) == (ExitCode.OK, "")
    for number in range(1, 6):
        assert f"Mail {number}: " in done.out
    assert done.out.count("recognised: Amazon asks to approve or deny a sign-in") == 1
    assert done.out.count("recognised: Amazon's verification code for a sign-in") == 1
    assert done.out.count("look-alike: it passes itself off as Amazon's") == 2
    assert done.out.count("not relevant: it is no sign-in attempt") == 1
    assert done.out.count("Shown to you (terminal):") >= 4, "two live, two over"
    assert "271 828" in done.out
    assert mails.LINK.format(store="amazon.co.jp") in done.out
    assert "Time left: 0:0" in done.out
    assert "All five mails were judged as they should be" in done.out


def test_the_demo_speaks_the_desktops_language_and_leaves_nothing_behind(
    home: Home,
) -> None:
    folder = home.folder / "tmp"
    folder.mkdir()
    home.environment |= {"LANG": "ja_JP.UTF-8", "TMPDIR": str(folder)}

    done = home.run("demo", "--seconds", "3", "--no-notify")

    assert done.code == ExitCode.OK
    assert "本物: サインインの承認または否認を求める Amazon のメール" in done.out
    assert "5 通とも正しく判定されました" in done.out
    assert list(folder.iterdir()) == []


def test_a_mail_judged_otherwise_than_it_should_be_spoils_the_demo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    channel = RecordingChannel()

    def open_channels(on_action: OnAction) -> Sequence[Channel]:
        return (channel,)

    def a_forgery_taken_for_real(amazon: mails.Signer) -> tuple[Step, ...]:
        return (replace(default_script(amazon)[2], expected=Recognised),)

    is_good = play(
        0.1, Language.EN, open_channels=open_channels, script=a_forgery_taken_for_real
    )

    assert not is_good
    assert "NOT AS IT SHOULD BE: Recognised was expected." in capsys.readouterr().out
    assert channel.shown == []
    assert channel.is_closed
