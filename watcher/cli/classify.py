"""`watcher classify`: judges saved mails by the same code as the daemon."""

import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from watcher.app.wiring import dns_verify
from watcher.cli.context import configuration_if_any
from watcher.cli.judgement import render_judgement
from watcher.cli.layout import fit
from watcher.cli.mailfiles import names_in, read
from watcher.cli.parser import Options
from watcher.cli.terminal import Progress, columns
from watcher.clock import iso, utc_now
from watcher.config.accounts import policy_for
from watcher.config.schema import Config
from watcher.errors import ExitCode, Unreadable
from watcher.recognition.claim import Claim
from watcher.recognition.judge import classify
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
    verify = dns_verify(settings)
    policy = policy_for(config, config.accounts) if config else Policy()
    received_at = options.received_at or utc_now()
    anonymiser = _anonymiser() if options.anonymise else None
    code = ExitCode.OK
    names = names_in(options.files)
    with Progress(len(names)) as progress:
        for name in names:
            shown = anonymiser.name_of_file(name) if anonymiser else name
            try:
                for mail in read(name, shown):
                    judged = classify(mail.raw, verify=verify, policy=policy)
                    if anonymiser:
                        judged = anonymiser.judgement(judged)
                    if options.json:
                        window = settings.watch.window
                        facts = as_json(judged.verdict, received_at, window)
                        facts = {"v": 1, "file": mail.name, **facts}
                        progress.print(json.dumps(facts, ensure_ascii=False))
                    else:
                        said = render_judgement(mail.name, judged, options)
                        progress.print(fit(said, columns(sys.stdout)))
            except Unreadable as error:
                progress.print(error.say(options.language), is_error=True)
                code = ExitCode.UNREADABLE
            progress.step()
    return code


def _anonymiser() -> "Anonymiser":
    from watcher.recognition.anonymise import Anonymiser  # seldom needed

    return Anonymiser()


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
