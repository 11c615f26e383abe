"""`watcher classify`: judges saved mails by the same code as the daemon."""

import json
from datetime import datetime, timedelta
from typing import Any

from watcher.app.wiring import dns_verify
from watcher.cli.context import configuration_if_any
from watcher.cli.mailfiles import MailFile, names_in, read
from watcher.cli.parser import Options
from watcher.cli.render import render_judgement
from watcher.cli.terminal import Progress
from watcher.clock import iso, utc_now
from watcher.config.accounts import policy_for
from watcher.config.schema import Config
from watcher.errors import ExitCode, Unreadable
from watcher.recognition.judge import Judgement, Policy, classify
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Recognised,
    SignInAttempt,
    Unverified,
    Verdict,
    expires_at,
)

NAMES: dict[type[Verdict], str] = {
    Recognised: "recognised",
    Unverified: "unverified",
    LookAlike: "look_alike",
    NotRelevant: "not_relevant",
}
_CLAIM_KEYS = ("store", "language", "attempted_at", "expires_at", "device", "near")


def run(options: Options) -> int:
    """Judge each mail; what cannot be read is told, and the rest still judged."""
    config = configuration_if_any(options)
    rules = config or Config()
    verify = dns_verify(rules)
    policy = policy_for(config, config.accounts) if config else Policy()
    code = ExitCode.OK
    names = names_in(options.files)
    with Progress(len(names)) as progress:
        for name in names:
            try:
                for mail_file in read(name):
                    judgement = classify(mail_file.raw, verify=verify, policy=policy)
                    progress.print(_line(mail_file, judgement, rules, options))
            except Unreadable as error:
                progress.warn(error.say(options.language))
                code = ExitCode.UNREADABLE
            progress.step()
    return code


def _line(
    mail_file: MailFile, judgement: Judgement, rules: Config, options: Options
) -> str:
    received_at = options.received_at or utc_now()
    if options.json:
        facts = as_json(judgement, received_at, rules.watch.window)
        return json.dumps({"v": 1, "file": mail_file.name, **facts}, ensure_ascii=False)
    return render_judgement(mail_file.name, judgement, options)


def as_json(
    judgement: Judgement, received_at: datetime, window: timedelta
) -> dict[str, Any]:
    """Return what the contract tells of a judged mail (§3)."""
    verdict = judgement.verdict
    authentication = verdict.authentication
    return {
        "verdict": NAMES[type(verdict)],
        **_content(verdict),
        **_claim(verdict, received_at, window),
        "reasons": [] if isinstance(verdict, Recognised) else list(verdict.reasons),
        "authentication": {
            "result": authentication.result,
            "by": authentication.by,
            "domain": authentication.domain,
            "detail": authentication.detail,
        },
    }


def _content(verdict: Verdict) -> dict[str, Any]:
    content = verdict.attempt.content if isinstance(verdict, Recognised) else None
    return {
        "kind": content and content.kind,
        "link": content.link if isinstance(content, Approval) else None,
        "code": content.code if isinstance(content, Code) else None,
    }


def _claim(
    verdict: Verdict, received_at: datetime, window: timedelta
) -> dict[str, Any]:
    match verdict:
        case Recognised(attempt=SignInAttempt(claim=claim)) | Unverified(claim=claim):
            deadline = expires_at(claim.attempted_at, received_at, window)
            return {
                "store": claim.store,
                "language": claim.language,
                "attempted_at": claim.attempted_at and iso(claim.attempted_at),
                "expires_at": iso(deadline),
                "device": claim.device,
                "near": claim.near,
            }
        case LookAlike() | NotRelevant():
            return dict.fromkeys(_CLAIM_KEYS)
