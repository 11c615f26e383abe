"""The demo shows the whole program at work, and says so when something is wrong."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus

import pytest

from tests.environment import Home
from tests.fakes import RecordingChannel, posix_only
from watcher.config.push_url import push_topic
from watcher.demo import mails, script, sentences
from watcher.demo.push_server import Received, Topic, Withdrawn, serving_topic
from watcher.demo.script import Step, default_script, play
from watcher.errors import ExitCode, NotificationFailed
from watcher.guide import sentences as guided
from watcher.guide.apps import find
from watcher.guide.screen import CLEAR_LINE
from watcher.i18n import Language, Text
from watcher.notify.notification import Channel, OnAction
from watcher.notify.ntfy import Ntfy
from watcher.notify.push import PushMessage
from watcher.recognition.claim import Kind
from watcher.recognition.verdict import Recognised

LOCALES = {Language.JA: "ja_JP.UTF-8", Language.EN: "C.UTF-8"}
LINK = mails.LINK.format(store="amazon.co.jp")
TO_OPEN = guided.TO_USE[Kind.APPROVAL]


@pytest.fixture(scope="module", params=Language)
def language(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


@pytest.fixture(scope="module")
def told(language: Language, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demo prints into a pipe in that language; it leaves nothing behind."""
    home = Home(tmp_path_factory.mktemp("demo"))
    folder = home.folder / "tmp"
    folder.mkdir()
    home.environment |= {"LANG": LOCALES[language], "TMPDIR": str(folder)}
    done = home.run("demo", "--seconds", "3", "--no-notify")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert list(folder.iterdir()) == []
    return done.out


def boxes(told: str, title: Text, language: Language) -> list[str]:
    """Return what stands in each box below a title."""
    box = re.escape(title.say(language)) + r"\n((?: {9}\|.*\n)+)"
    return re.findall(box, told)


def words(told: str) -> str:
    """Return it without blanks, line breaks and margins."""
    return "".join(told.replace("|", "").split())


def test_the_demo_tells_the_whole_story_and_ends_well(
    told: str, language: Language
) -> None:
    counts = {
        Language.EN: {
            "recognised: Amazon asks to approve or deny a sign-in": 1,
            "recognised: Amazon's verification code for a sign-in": 1,
            "look-alike: it passes itself off as Amazon's": 2,
            "not relevant: it is no sign-in attempt": 1,
            "Amazon: sign-in expired": 2,
            "All five mails were judged as they should be": 1,
        },
        Language.JA: {
            "本物: サインインの承認または否認を求める Amazon のメール": 1,
            "本物: サインインの確認コードを知らせる Amazon のメール": 1,
            "偽物: Amazon のアカウント連絡に見せかけています": 2,
            "対象外: サインイン試行のメールではありません": 1,
            "Amazon サインイン期限切れ": 2,
            "5 通とも正しく判定されました": 1,
        },
    }[language]
    assert {words: told.count(words) for words in counts} == counts
    numbered = {Language.EN: "Mail {}: ", Language.JA: "メール {}: "}[language]
    assert all(numbered.format(number) in told for number in range(1, 6))
    assert "271 828" in told
    assert LINK in told
    assert sentences.LEFT.say(language, left="0:0") in told


def test_a_phone_is_told_without_link_and_code_until_it_is_over(
    told: str, language: Language
) -> None:
    new = boxes(told, sentences.PUSHED, language)
    again = boxes(told, sentences.PUSHED_AGAIN, language)

    assert len(new) == 2
    assert 1 <= len(again) <= 2, "reminders"
    left = {Language.EN: "Sign-in attempt, 0:0", Language.JA: "サインイン試行 残り 0:0"}
    assert all(left[language] in box for box in (*new, *again))
    assert not [box for box in (*new, *again) if "://" in box or "828" in box]
    assert told.count(sentences.OFF_THE_PHONE.say(language)) == 2


def test_the_guide_tells_of_the_mail_and_the_one_next_thing_to_do(
    told: str, language: Language
) -> None:
    (box,) = re.findall(r"`watcher guide zaim`.*\n((?: {9}.*\n)+)", told)
    came = guided.CAME[Kind.APPROVAL].say(language, id=1, account="demo")
    last = find("zaim").call.say(language), TO_OPEN.say(language, clock="0:0")
    assert words(came) in words(box)
    head, keys = last[1].split("0:0")
    assert words(f"{last[0]}{head}0:0") in words(box)
    assert words(box).endswith(words(keys))
    assert LINK not in box


@posix_only("a pseudo-terminal")
def test_on_a_terminal_the_guide_counts_down_in_place(
    home: Home, language: Language
) -> None:
    home.environment |= {"LANG": LOCALES[language], "COLUMNS": "100"}
    with home.started("demo", "--seconds", "3", "--no-notify") as run:
        assert run.await_end() == ExitCode.OK

    clock = TO_OPEN.say(language, clock=r"(0:\d\d)").partition(" |")[0]
    drawn = re.findall(rf"{re.escape(CLEAR_LINE)} {{9}}\| {clock} \|", run.seen)
    assert len(drawn) > 1
    assert drawn == sorted({*drawn}, reverse=True)
    until_next = run.seen.partition(sentences.CODE.say(language))[0]
    standing = until_next.rpartition(CLEAR_LINE)[2]
    assert words(standing).startswith(words(TO_OPEN.say(language, clock=drawn[-1])))


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


def none(_: OnAction) -> Sequence[Channel]:
    return (RecordingChannel(),)


def test_a_phone_that_is_not_told_spoils_the_demo(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "STEP_WITHIN_S", 1.0)
    monkeypatch.setattr(Topic, "publish", lambda *_: HTTPStatus.SERVICE_UNAVAILABLE)

    is_good = play(
        0.1,
        Language.EN,
        open_channels=none,
        script=lambda amazon: default_script(amazon)[1:2],
    )

    assert not is_good
    assert sentences.LATE.en in capsys.readouterr().out


@contextmanager
def topic_and_pusher() -> Iterator[tuple[list[Received | Withdrawn], Ntfy]]:
    """Serve a topic; yield what becomes of its messages, and who publishes there."""
    changes: list[Received | Withdrawn] = []
    with serving_topic(Topic("secret-topic", changes.append)) as url:
        address = push_topic(url)
        assert address is not None
        yield changes, Ntfy(address)


def test_the_demos_push_server_replaces_and_takes_back_as_ntfy_does() -> None:
    with topic_and_pusher() as (changes, pusher):
        for text in ("a", "b"):
            pusher.send(PushMessage(key="1", title="T", text=text))
        pusher.send(PushMessage(key="2", title="T", text="c", link=LINK))
        assert pusher.replaces
        for key in ("1", "2"):
            pusher.withdraw(key)

    assert changes == [
        Received("T", "a", None, is_new=True),
        Received("T", "b", None, is_new=False),
        Received("T", "c", LINK, is_new=True),
        *(Withdrawn(), Withdrawn()),
    ]


def test_the_demos_push_server_takes_nothing_for_another_topic() -> None:
    with topic_and_pusher() as (changes, pusher):
        address = push_topic(f"http://127.0.0.1:{pusher._topic.port}/guessed")
        assert address is not None
        stranger = Ntfy(address)
        with pytest.raises(NotificationFailed):
            stranger.send(PushMessage(key="1", title="T", text="a"))
        pusher.send(PushMessage(key="1", title="T", text="b"))
        stranger.withdraw("1")

    assert changes == [Received("T", "b", None, is_new=True)]


def test_what_a_stranger_sends_to_the_demos_push_server_is_not_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with topic_and_pusher() as (changes, pusher):
        place = "127.0.0.1", pusher._topic.port
        for sent in (b"Content-Length: x\r\n\r\n", b"Content-Length: 1\r\n\r\n{"):
            with socket.create_connection(place) as stranger:
                stranger.sendall(b"POST / HTTP/1.0\r\n" + sent)
                while stranger.recv(4096):
                    pass

    assert changes == []
    assert capfd.readouterr() == ("", "")
