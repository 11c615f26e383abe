"""Writes a judged mail for a person: the verdict, and each check with ✓ or ✗."""

from watcher.cli.options import Options
from watcher.cli.style import Colour, paint
from watcher.i18n import Text
from watcher.recognition.explain import Check, explain
from watcher.recognition.judge import Judgement
from watcher.recognition.verdict import (
    Approval,
    Code,
    LookAlike,
    NotRelevant,
    Recognised,
    Unknown,
    Unverified,
    Verdict,
)

_SIGNS = {
    True: ("✓", Colour.GOOD),
    False: ("✗", Colour.BAD),
    None: ("?", Colour.OPEN),
}


def render(name: str, judgement: Judgement, options: Options) -> str:
    """Return the lines on one mail."""
    text, colour = _headline(judgement.verdict)
    head = f"{name}: {paint(text.say(options.language), colour, options)}"
    lines = (_line(check, options) for check in explain(judgement.findings))
    return "\n".join((head, *lines))


def _headline(verdict: Verdict) -> tuple[Text, Colour]:
    match verdict:
        case Recognised(attempt=attempt):
            match attempt.content:
                case Approval():
                    return _APPROVAL, Colour.GOOD
                case Code():
                    return _CODE, Colour.GOOD
                case Unknown():
                    return _UNKNOWN, Colour.GOOD
        case Unverified():
            return _UNVERIFIED, Colour.OPEN
        case LookAlike():
            return _LOOK_ALIKE, Colour.BAD
        case NotRelevant():
            return _NOT_RELEVANT, Colour.STRONG


def _line(check: Check, options: Options) -> str:
    sign, colour = _SIGNS[check.passed]
    label = check.label.say(options.language)
    flaws = "; ".join(flaw.say(options.language) for flaw in check.flaws)
    told = " — ".join(part for part in (flaws, check.value) if part)
    return f"  {paint(sign, colour, options)} {label}{': ' if told else ''}{told}"


_APPROVAL = Text(
    en="recognised: Amazon asks to approve or deny a sign-in",
    ja="本物: サインインの承認または否認を求める Amazon のメール",
)
_CODE = Text(
    en="recognised: Amazon's verification code for a sign-in",
    ja="本物: サインインの確認コードを知らせる Amazon のメール",
)
_UNKNOWN = Text(
    en="recognised: Amazon's sign-in mail in an unknown form (no link, no code)",
    ja="本物: 未知の形式のサインイン試行メール(リンクもコードも出しません)",
)
_UNVERIFIED = Text(
    en="unverified: it reads like a sign-in attempt, but nothing proves the sender",
    ja="未確認: サインイン試行のようですが、差出人を証明できません",
)
_LOOK_ALIKE = Text(
    en="look-alike: it passes itself off as Amazon's account mail",
    ja="偽物: Amazon のアカウント連絡に見せかけています",
)
_NOT_RELEVANT = Text(
    en="not relevant: it is no sign-in attempt",
    ja="対象外: サインイン試行のメールではありません",
)
