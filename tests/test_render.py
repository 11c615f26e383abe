"""What `log`, `status` and `classify` print is words, in the user's language."""

import inspect
import re

import dkim as dkimpy
import pytest

from tests.environment import Home
from tests.factories import NOW, attempt
from tests.sample_mails import USER, VERIFY, Mail, approval, compose, plain
from watcher import dkim
from watcher.cli.classify import as_json
from watcher.cli.judgement import render_judgement
from watcher.cli.parser import Options, defaults
from watcher.cli.proof import _CLAUSES, proof_in_words
from watcher.cli.render import (
    KINDS,
    render_event,
    render_live,
)
from watcher.cli.status import _render_account
from watcher.config.schema import CHANNELS
from watcher.events import (
    Event,
    EventName,
    Expectation,
    Mode,
    ModeReason,
    State,
    Subject,
)
from watcher.i18n import Language, Text
from watcher.journal.log import Journal
from watcher.notify.sentences import SIGNED_BUT
from watcher.recognition import authres, sender
from watcher.recognition.claim import Kind
from watcher.recognition.judge import classify
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import REASONS, Reason

ENGLISH_WORDS = re.compile(r"\b[a-z]{4,}\b")
OTHERS = Policy(recipients=frozenset({"somebody@example.org"}))


def line(
    name: EventName,
    language: Language = Language.JA,
    *,
    about: Subject = None,
    detail: str | None = None,
    reasons: tuple[str, ...] = (),
) -> str:
    event = Event(at=NOW, event=name, about=about, detail=detail, reasons=reasons)
    return render_event(event, language)


def options(language: Language = Language.JA) -> Options:
    given = defaults(language)
    given.no_color = True
    return given


def judged(raw: bytes, policy: Policy, language: Language = Language.JA) -> str:
    judgement = classify(raw, verify=VERIFY, policy=policy)
    return render_judgement("a.eml", judgement, options(language))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", sorted({*Reason} - {Reason.RECIPIENT_UNKNOWN}))
def test_log_gives_reasons_in_words(reason: Reason, language: Language) -> None:
    said = line(EventName.LOOK_ALIKE, language, reasons=(reason, Reason.LINK_HOST))

    assert REASONS[reason].say(language) in said
    assert REASONS[Reason.LINK_HOST].say(language) in said
    assert reason not in said


def test_a_reason_of_a_newer_version_is_its_code() -> None:
    assert "moon_phase" in line(EventName.UNVERIFIED, reasons=("moon_phase",))


def test_log_calls_a_genuine_mail_to_another_address_genuine() -> None:
    to_another = attempt(Kind.UNKNOWN, recipient="taro@example.jp")
    said = line(EventName.ATTEMPT, about=to_another, reasons=("recipient_unknown",))

    assert (
        "Amazon が送った本物ですが、宛先 taro@example.jp は addresses にありません。"
        "あなたのアドレスなら設定に足してください"
    ) in said
    assert "偽物" not in said


@pytest.mark.parametrize("language", Language)
def test_check_says_what_does_not_fit_in_what_amazon_sent(language: Language) -> None:
    to_another = attempt(Kind.UNKNOWN, recipient="taro@example.jp")

    assert "taro@example.jp" in render_live(to_another, NOW, language)
    assert SIGNED_BUT.say(language) in render_live(attempt(Kind.UNKNOWN), NOW, language)


def test_classify_calls_a_genuine_mail_to_another_address_genuine() -> None:
    headline = judged(approval(), OTHERS).splitlines()[0]
    english = judged(approval(), OTHERS, Language.EN).splitlines()[0]

    assert headline == (
        f"a.eml: Amazon が送った本物ですが、宛先 {USER} は addresses にありません。"
        "あなたのアドレスなら設定に足してください"
    )
    assert f"genuine, sent by Amazon, but its recipient {USER} is not" in english


@pytest.mark.parametrize("name", [EventName.LOOK_ALIKE, EventName.UNVERIFIED])
def test_log_calls_no_mail_without_proof_genuine(name: EventName) -> None:
    reasons = ("dkim_none", "recipient_unknown")
    said = line(name, Language.EN, about=attempt(), reasons=reasons)

    assert "it is not signed  it was written to an address that is not in" in said
    assert "genuine" not in said


def test_a_forgery_to_another_address_stays_a_look_alike() -> None:
    unsigned = compose(Mail(body=plain("x")))

    assert judged(unsigned, OTHERS).startswith("a.eml: 偽物: ")


def test_a_genuine_mail_to_another_address_is_recognised_without_link() -> None:
    judgement = classify(approval(), verify=VERIFY, policy=OTHERS)

    facts = as_json(judgement.verdict, NOW, NOW - NOW)

    assert [facts[key] for key in ("verdict", "kind", "link", "reasons")] == [
        *("recognised", "unknown", None, ["recipient_unknown"])
    ]


@pytest.mark.parametrize("channel", CHANNELS)
def test_log_names_the_place_of_a_notification(channel: str) -> None:
    said = line(EventName.NOTIFIED, about=attempt(), detail=channel)

    what = "に送信" if channel == "push" else "に表示"
    assert said.endswith(f"{CHANNELS[channel].ja}{what}")


def test_log_labels_what_a_library_said() -> None:
    said = line(EventName.NOTIFY_FAILED, detail="plyer: no display")

    assert said.endswith("通知できず  原因: デスクトップ(plyer): no display")


def test_log_tells_until_when_a_sign_in_is_expected() -> None:
    assert re.search(r"\d\d:00:28 まで$", line(EventName.ARMED, about=Expectation(NOW)))


def test_log_says_the_kind_in_words() -> None:
    said = line(EventName.ATTEMPT, about=attempt(Kind.UNKNOWN))

    assert "はじめて見る形のメール" in said


@pytest.mark.parametrize(
    ("mode", "reason", "words"),
    [
        (Mode.PUSH, ModeReason.OFFERED, "プッシュ(サーバーが新着を知らせます)"),
        (Mode.POLL, ModeReason.CONFIGURED, '定期確認(設定が mode = "poll" です)'),
    ],
)
def test_status_says_the_mode_in_words(
    mode: Mode, reason: ModeReason, words: str
) -> None:
    facts = {"state": State.WATCHING, "mode": mode, "mode_reason": reason}

    assert f"  方法: {words}" in list(_render_account("home", facts, Language.JA))


@pytest.mark.parametrize(
    "raw",
    [
        approval(),
        approval() + b"x",
        compose(Mail(body=plain("x"))),
        compose(Mail(sender="x@evil.example", body=plain("x"))),
    ],
    ids=["signed", "changed", "unsigned", "of another"],
)
def test_classify_says_the_proof_in_words(raw: bytes) -> None:
    (proof,) = (
        line for line in judged(raw, Policy()).splitlines() if "差出人の証明" in line
    )

    told = re.sub(r"d=\S* s=\S* \S*:", "", proof)
    assert not ENGLISH_WORDS.search(told)


@pytest.mark.parametrize("text", [text for _, text in _CLAUSES], ids=lambda one: one.en)
def test_every_clause_of_a_proof_is_one_that_is_stored(text: Text) -> None:
    source = "".join(map(inspect.getsource, (dkim, dkimpy, sender, authres)))
    pieces = [piece.strip() for piece in re.split(r"\{\w+\}| (?=says )", text.en)]

    assert all(piece in source for piece in pieces)
    assert proof_in_words(text.en, Language.EN) == text.en
    japanese = proof_in_words(f"d=a s=b c: {text.en}", Language.JA)
    assert japanese.startswith("d=a s=b c: ")
    assert not ENGLISH_WORDS.search(re.sub(r"\{\w+\}", "", japanese))


@pytest.mark.parametrize("kind", Kind)
def test_classify_names_what_a_mail_asks_in_words(kind: Kind) -> None:
    assert KINDS[kind].ja
    assert "本文の内容: 承認または否認" in judged(approval(), Policy())


def test_a_code_page_without_ticks_tells_good_from_open(home: Home) -> None:
    codes = {"PYTHONIOENCODING": "cp932"}

    done = home.run("classify", "-", stdin=approval(), environment=codes)

    assert "  o Sender: " in done.out
    assert "  ? Recipient: " in done.out


def test_the_error_in_json_is_in_the_users_language_on_any_terminal(home: Home) -> None:
    with Journal.open(home.log) as journal:
        error = {"en": "no", "ja": "否"}
        journal.put_session("home", {"state": "refused", "error": error})

    codes = {"PYTHONIOENCODING": "cp1252", "LANG": "ja_JP.UTF-8"}
    (status,) = home.run("status", "--json", environment=codes).json

    assert status["accounts"][0]["error"] == "否"
