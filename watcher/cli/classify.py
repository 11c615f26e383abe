"""`watcher classify`: judges saved mails by the same code as the daemon."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from watcher.app.wiring import dns_verify
from watcher.cli.context import configuration_if_any
from watcher.cli.judgement import render_judgement
from watcher.cli.layout import fit
from watcher.cli.mailfiles import Source, read, source
from watcher.cli.parser import Options
from watcher.cli.streams import in_one_line
from watcher.cli.terminal import Progress, columns
from watcher.clock import iso, utc_now
from watcher.config.accounts import policy_for
from watcher.config.schema import Config
from watcher.errors import ExitCode, NoMail, Unreadable
from watcher.i18n import Text
from watcher.recognition.claim import Claim
from watcher.recognition.judge import Judgement, classify
from watcher.recognition.policy import Policy
from watcher.recognition.verdict import (
    Approval,
    Code,
    Content,
    LookAlike,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
    Verdict,
    expires_at,
)

if TYPE_CHECKING:
    from watcher.recognition.anonymise import Anonymiser

NAMES: dict[type[Verdict], str] = {
    Recognised: "recognised",
    Unverified: "unverified",
    LookAlike: "look_alike",
    NotRelevant: "not_relevant",
}


def run(options: Options) -> int:
    """Judge each mail; report what cannot be read, and judge the others."""
    config = configuration_if_any(options)
    settings = config or Config()
    policy = policy_for(config, config.accounts) if config else Policy()
    sources = [source(name) for name in options.files]
    with Progress(sum(len(each.files) for each in sources)) as progress:
        classifier = _Classifier(
            judge=partial(classify, verify=dns_verify(settings), policy=policy),
            received_at=options.received_at or utc_now(),
            window=settings.watch.window,
            anonymiser=_anonymiser() if options.anonymise else None,
            options=options,
            progress=progress,
        )
        # Each of them is judged, whatever is wrong with another.
        are_good = [classifier.judge_source(each) for each in sources]
    return ExitCode.OK if all(are_good) else ExitCode.UNREADABLE


def _anonymiser() -> "Anonymiser":
    from watcher.recognition.anonymise import Anonymiser  # seldom needed

    return Anonymiser()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classifier:
    """Judges files, and prints what comes of it."""

    judge: Callable[[bytes], Judgement]
    received_at: datetime
    window: timedelta
    anonymiser: "Anonymiser | None"
    options: Options
    progress: Progress

    def judge_source(self, given: Source) -> bool:
        """Judge what was named; return whether all of it could be read as mails."""
        no_mail_count = unread_count = 0
        for name in given.files:
            try:
                self._judge_file(name)
            except Unreadable as error:
                is_counted = given.is_folder and isinstance(error, NoMail)
                no_mail_count += is_counted
                unread_count += not is_counted
                if not is_counted:
                    self._tell(error)
            self.progress.step()
        shown = in_one_line(self._shown(given.name))
        if no_mail_count:
            self._tell(NoMail(_LEFT_OUT, name=shown, count=no_mail_count))
        is_empty = no_mail_count == len(given.files)
        if is_empty:
            self._tell(NoMail(_NO_MAILS, name=shown))
        return not (is_empty or no_mail_count or unread_count)

    def _judge_file(self, name: str) -> None:
        for mail in read(name, self._shown(name)):
            judged = self.judge(mail.raw)
            if self.anonymiser:
                judged = self.anonymiser.judgement(judged)
            self.progress.print(self._said(mail.name, judged))

    def _said(self, name: str, judged: Judgement) -> str:
        if self.options.json:
            facts = as_json(judged.verdict, self.received_at, self.window)
            return json.dumps({"v": 1, "file": name, **facts}, ensure_ascii=False)
        said = render_judgement(name, judged, self.options)
        return fit(said, columns(sys.stdout))

    def _shown(self, name: str) -> str:
        return self.anonymiser.name_of_file(name) if self.anonymiser else name

    def _tell(self, error: Unreadable) -> None:
        self.progress.print(error.say(self.options.language), is_error=True)


def _reasons(verdict: Verdict) -> list[str]:
    if isinstance(verdict, Recognised):
        content = verdict.attempt.content
        return [*content.reasons] if isinstance(content, Unknown) else []
    return [*verdict.reasons]


def as_json(
    verdict: Verdict, received_at: datetime, window: timedelta
) -> dict[str, Any]:
    """Return the contract's facts of a judged mail, in its order (§3)."""
    claim, deadline = Claim(), None
    content: Content | None = None
    match verdict:
        case Recognised(attempt=attempt):
            claim, content = attempt.claim, attempt.content
        case Unverified():
            claim = verdict.claim
        case LookAlike() | NotRelevant():
            pass
    if isinstance(verdict, Recognised | Unverified):
        deadline = iso(expires_at(claim.attempted_at, received_at, window))
    return {
        "verdict": NAMES[type(verdict)],
        "kind": content and content.kind,
        "link": content.link if isinstance(content, Approval) else None,
        "code": content.code if isinstance(content, Code) else None,
        "store": claim.store,
        "language": claim.language,
        "reasons": _reasons(verdict),
        "authentication": asdict(verdict.authentication),
        "attempted_at": claim.attempted_at and iso(claim.attempted_at),
        "expires_at": deadline,
        "device": claim.device,
        "near": claim.near,
    }


_LEFT_OUT = Text(
    en="Files in {name} that are no mails, and were left out: {count}.",
    ja="{name} にある、メールではないファイルを {count} 個とばしました。",
)
_NO_MAILS = Text(
    en="{name} holds no mail. Save mails in it (.eml, .emlx or mbox), or name another "
    "folder.",
    ja="{name} にメールがありません。メール(.eml、.emlx、mbox)を入れるか、ほかの"
    "フォルダーを指定してください。",
)
