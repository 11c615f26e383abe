"""Renders a judged mail as lines of text in the user's language."""

import sys

from watcher.cli.parser import Options
from watcher.cli.proof import proof_in_words
from watcher.cli.render import KINDS
from watcher.cli.streams import can_encode, in_one_line
from watcher.cli.terminal import Colour, paint
from watcher.i18n import Language
from watcher.recognition import explain
from watcher.recognition.claim import Kind
from watcher.recognition.explain import ASPECTS, Aspect, Finding
from watcher.recognition.judge import Judgement
from watcher.recognition.reasons import REASONS, misaddressed
from watcher.recognition.text import sanitise
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Unverified,
    Verdict,
)

_SIGNS = {True: ("✓", Colour.GOOD), False: ("✗", Colour.BAD), None: ("?", Colour.OPEN)}
_ASCII_SIGNS = {"✓": "o", "✗": "x"}
"""Of the rest, code pages such as Japan's (cp932) would make a third "?"."""
SAID_BY_FLAWS = {Kind.UNKNOWN.value, "no signature"}
_COLOURS: dict[type[Verdict], Colour] = {
    Recognised: Colour.GOOD,
    Unverified: Colour.OPEN,
    LookAlike: Colour.BAD,
    NotRelevant: Colour.STRONG,
}


def render_judgement(name: str, judgement: Judgement, options: Options) -> str:
    """Return the lines on one mail."""
    lines = [f"{in_one_line(name)}: {_headline(judgement, options)}"]
    for found in judgement.findings:
        sign, colour = _SIGNS[found.passed]
        if not can_encode(sys.stdout, sign):
            sign = _ASCII_SIGNS[sign]
        line = _render_finding(found, options.language)
        lines.append(f"  {paint(sign, colour, is_plain=options.no_color)} {line}")
    return "\n".join(lines)


def _headline(judgement: Judgement, options: Options) -> str:
    verdict = judgement.verdict
    if isinstance(verdict, Recognised) and verdict.attempt.claim.recipient:
        text, data = misaddressed(sanitise(verdict.attempt.claim.recipient))
        said, colour = text.say(options.language, **data), Colour.OPEN
    else:
        said = explain.headline(verdict).say(options.language)
        colour = _COLOURS[type(verdict)]
    return paint(said, colour, is_plain=options.no_color)


def _render_finding(found: Finding, language: Language) -> str:
    flaws = "; ".join(REASONS[flaw].say(language) for flaw in found.flaws)
    told = ": ".join(part for part in (flaws, _value(found, language)) if part)
    return ": ".join(filter(None, (ASPECTS[found.aspect].say(language), told)))


def _value(found: Finding, language: Language) -> str:
    """Return what was examined; what are our own words, in the user's language."""
    if found.flaws and found.value in SAID_BY_FLAWS:
        return ""
    match found.aspect:
        case Aspect.BODY:
            return KINDS[Kind(found.value)].say(language)
        case Aspect.SIGNATURE:
            return proof_in_words(found.value, language)
        case _:
            return found.value
