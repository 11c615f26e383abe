"""What `classify --anonymise` prints names nobody, and still tells why."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.environment import Home
from tests.sample_mails import (
    HOSTILE,
    LINK,
    TOKEN,
    VERIFY,
    Mail,
    approval,
    code,
    compose,
    html,
    plain,
    sign,
    signed,
)
from watcher.cli.classify import as_json
from watcher.cli.judgement import render_judgement
from watcher.cli.parser import defaults
from watcher.errors import ExitCode
from watcher.i18n import Language
from watcher.recognition.anonymise import Anonymiser
from watcher.recognition.explain import Aspect
from watcher.recognition.judge import Judgement, classify
from watcher.recognition.policy import Policy
from watcher.recognition.trust import Trust

SAVED = Path(__file__).with_name("mails")
NOW = datetime(2026, 11, 21, 12, 1, tzinfo=UTC)
TO = "Hanako Himitsu <hanako.himitsu+amz@mail.himitsuke.example>"
AT_HOME = "mx.himitsuke.example"
RELAYED = "forward.himitsuke.example"
HOME_LINK = "https://hanako@himitsuke.example:8443/himitsu/login?user=hanako"
SECRETS = (
    *("hanako", "himitsu", "taro", "example", "tokyo", "chrome", "firefox", "mozilla"),
    *("0100-test", "yamada", "山田", "花子", "due-xyz", "areueaom", "123456", "918273"),
    *(TOKEN.lower(), "birthday", "誕生日", "secretkey", "mail.eml"),
)
"""What may stand in no output; in lower case."""
THEIRS: dict[str, Any] = {"to": TO, "message_id": "<0100-test@himitsuke.example>"}


def says(result: str) -> tuple[tuple[str, str], ...]:
    """Return what the user's own provider writes on top."""
    return (("Authentication-Results", f"{AT_HOME}; dkim={result} header.d=amazon.jp"),)


def _altered(raw: bytes) -> bytes:
    return raw.replace(b"Date: Sat, 21 Nov", b"Date: Fri, 20 Nov", 1)


MAILS = {
    **{path.stem: path.read_bytes() for path in sorted(SAVED.rglob("*.eml"))},
    "approval": approval(place="Himitsu-cho, Tokyo", **THEIRS),
    "code": code("918273", **THEIRS),
    "older_link": approval("https://www.amazon.co.jp/a/c/r?k=SecretKey123", **THEIRS),
    "new_path": approval("https://www.amazon.co.jp/ap/hanako/SecretKey", **THEIRS),
    "look_alike_link": approval(HOME_LINK, **THEIRS),
    "unsigned": compose(Mail(body=plain(LINK), **THEIRS)),
    "altered": _altered(approval(**THEIRS)),
    "provider_fails": approval(extra=says("fail"), **THEIRS),
    "provider_passes": compose(Mail(body=plain(LINK), extra=says("pass"), **THEIRS)),
    "odd_signature": b"DKIM-Signature: v=hanako; a=rsa-sha256; d=amazon.co.jp; s=x; "
    b"bh=himitsu; b=himitsu; h=from:reply-to:to:message-id:subject:mime-version"
    b":content-type:date\r\nHanako himitsu\r\n" + compose(Mail(**THEIRS)),
    "named_in_subject": approval(
        subject="花子様: amazon.co.jp: サインイン試行", **THEIRS
    ),
    "tagged_subject": approval(subject="[himitsu] amazon.co.jp: Sign-in", **THEIRS),
    "named_sender": compose(
        Mail(sender='"Hanako via Amazon" <hanako@amazon.co.jp.himitsuke.example>')
    ),
    "own_address_as_sender": compose(Mail(sender=TO, **THEIRS)),
    "quoted_sender": compose(Mail(sender='"hanako himitsu"@himitsuke.example')),
    "amazon_by_name_only": compose(Mail(sender="hanako@amazon.co.jp", **THEIRS)),
    "relayed": sign(
        compose(
            Mail(
                sender=f'"Amazon for Hanako" <himitsu@{RELAYED}>',
                body=html(f"<a href='{LINK}'>Approve or Deny</a>"),
                **THEIRS,
            )
        ),
        "lists.example",
    ),
    "friend": signed(
        Mail(sender="山田 <yamada@himitsuke.example>", subject="誕生日 birthday")
    ),
    **{
        name: HOSTILE[name]
        for name in ("sender_of_addresses", "recipients", "many_signatures")
    },
}
POLICIES = {
    "nothing": Policy(),
    "another_address": Policy(recipients=frozenset({"jiro@himitsuke.example"})),
    "believed": Policy(
        trust=(Trust((AT_HOME,), is_proof=True),), relays=frozenset({RELAYED})
    ),
}

every_mail = pytest.mark.parametrize("name", MAILS)
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


def judged(raw: bytes, policy: Policy) -> Judgement:
    return classify(raw, verify=VERIFY, policy=policy)


def facts(judgement: Judgement) -> dict[str, object]:
    return as_json(judgement.verdict, NOW, timedelta(minutes=5))


def printed(judgement: Judgement) -> str:
    """Return all that may be printed of a judgement."""
    texts = [
        render_judgement("file-1", judgement, defaults(language))
        for language in Language
    ]
    return "\n".join((*texts, json.dumps(facts(judgement), ensure_ascii=False)))


def values(judgement: Judgement) -> dict[Aspect, str]:
    return {found.aspect: found.value for found in judgement.findings}


@every_policy
@every_mail
def test_nothing_personal_is_left(name: str, policy: Policy) -> None:
    said = printed(Anonymiser().judgement(judged(MAILS[name], policy))).lower()
    said = said.replace("lists.example", "")  # the domain of a signature stays

    assert [secret for secret in SECRETS if secret in said] == []


@every_policy
@every_mail
def test_verdict_reasons_and_proof_stay(name: str, policy: Policy) -> None:
    plainly = judged(MAILS[name], policy)
    hidden = Anonymiser().judgement(plainly)

    changed = {"link", "code", "device", "near", "authentication"}
    before, after = (
        {key: value for key, value in facts(one).items() if key not in changed}
        for one in (plainly, hidden)
    )
    assert after == before
    assert [(found.aspect, found.flaws, found.passed) for found in hidden.findings] == [
        (found.aspect, found.flaws, found.passed) for found in plainly.findings
    ]
    proofs = plainly.verdict.authentication, hidden.verdict.authentication
    assert len({(one.result, one.by, one.domain) for one in proofs}) == 1


def test_what_is_amazons_is_still_seen() -> None:
    hidden = Anonymiser().judgement(judged(MAILS["approval"], Policy()))

    assert values(hidden) == {
        Aspect.HEADER: "",
        Aspect.SENDER: '"amazon.co.jp" <account-update@amazon.co.jp>',
        Aspect.SIGNATURE: "d=amazon.co.jp s=test ed25519-sha256: verified with a key "
        "of 256 bits",
        Aspect.RECIPIENT: "name-1@host-1",
        Aspect.SUBJECT: "amazon.co.jp: サインイン試行",
        Aspect.BODY: "approval",
        Aspect.LINK: "hxxps://www.amazon.co.jp/a/c/r/…",
        Aspect.STORE: "amazon.co.jp",
    }
    said = facts(hidden)
    assert said["link"] == "https://www.amazon.co.jp/a/c/r/token-1"
    assert (said["device"], said["near"]) == ("device-1", "place-1")
    assert facts(Anonymiser().judgement(judged(code(), Policy())))["code"] == "code-1"


def test_what_a_look_alike_makes_of_amazons_names_is_still_seen() -> None:
    hidden = Anonymiser().judgement(judged(MAILS["named_sender"], Policy()))

    sender = '"name-1 Amazon" <name-2@amazon.co.jp.host-1>'
    assert values(hidden)[Aspect.SENDER] == sender


def test_equal_things_stay_equal_from_mail_to_mail() -> None:
    anonymiser = Anonymiser()
    first, second, another = (
        values(anonymiser.judgement(judged(compose(Mail(sender=sender)), Policy())))
        for sender in ("a@x.example", "A@X.example", "b@x.example")
    )

    assert first[Aspect.SENDER] == second[Aspect.SENDER] == "name-1@host-1"
    assert another[Aspect.SENDER] == "name-3@host-1"
    assert first[Aspect.RECIPIENT] == another[Aspect.RECIPIENT] == "name-2@host-2"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=" ".join)
@pytest.mark.parametrize("language", ["en_US.UTF-8", "ja_JP.UTF-8"])
def test_classify_names_neither_files_nor_people(
    language: str, options: tuple[str, ...], home: Home
) -> None:
    (home.folder / "himitsu").mkdir()
    mbox = b"\n".join(b"From a@b Sat Nov 21\n" + one for one in (approval(), code()))
    (home.folder / "himitsu" / "mail.eml").write_bytes(mbox)
    (home.folder / "himitsu" / "photo.mail").write_bytes(b"\x89PNG\r\n")
    missing = str(home.folder / "himitsu" / "gone.mail")

    done = home.run(
        *("classify", "--anonymise", *options, "himitsu", missing, "-"),
        stdin=approval(),
        environment={"LANG": language},
    )

    said = (done.out + done.err).lower().replace("for example", "")
    assert [secret for secret in SECRETS if secret in said] == []
    assert str(home.folder).lower() not in said
    assert done.code == ExitCode.UNREADABLE
    assert "file-1#2" in done.out
    assert "file-3" in done.err
