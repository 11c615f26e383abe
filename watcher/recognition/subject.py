"""Tells from the header alone what a mail passes itself off as.

Most mail is dismissed here, before anything is parsed. What a subject says is compared
in its normal form, then once more as its skeleton: what matches only there is a
disguise.
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum

from watcher.recognition import amazon
from watcher.recognition.charset import decode_field
from watcher.recognition.header import Header
from watcher.recognition.text import is_disguised, normal, skeleton, without_spaces


class Form(IntEnum):
    """What a subject says, the most telling first."""

    ATTEMPT = 0
    """Exactly a subject of a sign-in attempt."""
    NOTICE = 1
    """A sign-in that already happened."""
    ACCOUNT = 2
    """Another mail about the account."""
    MENTION = 3
    """The words of a sign-in attempt among others, as in a forwarded mail."""
    OTHER = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """What was read from a subject."""

    form: Form
    language: str | None = None
    store: str | None = None
    is_disguised: bool = False
    """It reads so only to the eye: look-alike letters or invisible ones."""


class Appearance(IntEnum):
    """What a mail passes itself off as."""

    ATTEMPT = 0
    ACCOUNT_MAIL = 1
    NOTHING = 2


def _forms(words: tuple[str, ...]) -> frozenset[str]:
    """Return the words in normal form, with their accents and without."""
    return frozenset(form for word in words for form in (normal(word), skeleton(word)))


def _alternatives(words: frozenset[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


# Without blanks: Japanese has none, so those in it come from breaking a line.
_ENDS = {
    **{
        without_spaces(word): (Form.ACCOUNT, None)
        for word in _forms(amazon.ACCOUNT_SUBJECTS)
    },
    **{
        without_spaces(word): (form, wording.language)
        for wording in reversed(amazon.WORDINGS)
        for form, words in (
            (Form.NOTICE, wording.notices),
            (Form.ATTEMPT, wording.attempts),
        )
        for word in _forms(words)
    },
}
_ACTIONS = frozenset().union(*(_forms(wording.actions) for wording in amazon.WORDINGS))
_ALERTS = frozenset().union(*(_forms(wording.alerts) for wording in amazon.WORDINGS))
_NOTICES = tuple(word for word, (form, _) in _ENDS.items() if form is Form.NOTICE)
_MENTIONS = tuple(word for word, (form, _) in _ENDS.items() if form is Form.ATTEMPT)

# `<store>: <end>`, `<store>, action needed: <end>`, `Amazon security alert: <end>`; the
# comma is English, the colon Japanese, the blank before it French.
_SUBJECT = re.compile(
    rf"(?:(?P<store>amazon(?:\.[a-z]{{2,3}}){{1,2}}) ?[:,、] ?"
    rf"|(?P<alert>{_alternatives(_ALERTS)}) ?[:,、]? ?)"
    rf"(?:(?:{_alternatives(_ACTIONS)}) ?[:,、] ?)?"
    r"(?P<end>.*?) ?[.。!]?"
)
_ACCOUNT_SENDER = re.compile(
    r"(?:account[-_. ]?update|"
    + "|".join(address.partition("@")[0] for address in amazon.OLDER_ACCOUNT_MAIL)
    + r")@"
)


def read_subject(text: str) -> Subject:
    """Return what a decoded subject says."""
    plain = normal(text)
    subject = _read_plain(plain)
    if subject.form is not Form.OTHER:
        return replace(subject, is_disguised=is_disguised(text))
    seen = skeleton(text)
    if seen != plain and (subject := _read_plain(seen)).form is not Form.OTHER:
        return replace(subject, is_disguised=True)
    squeezed = seen.replace(" ", "")
    is_mention = any(words in squeezed for words in _MENTIONS)
    return Subject(Form.MENTION if is_mention else Form.OTHER)


def best_subject(header: Header) -> Subject:
    """Return what the subject says; of several, the one that says the most."""
    subjects = (read_subject(decode_field(raw)) for raw in header.get_all("subject"))
    return min(subjects, key=lambda subject: subject.form, default=Subject(Form.OTHER))


def appearance(header: Header, subject: Subject) -> Appearance:
    """Return what the mail passes itself off as, by subject and sender."""
    form = subject.form
    if form is Form.ATTEMPT:
        return Appearance.ATTEMPT
    sender = skeleton(header.text("from"))
    if form is Form.NOTICE or (_ACCOUNT_SENDER.search(sender) and "amazon" in sender):
        return Appearance.ACCOUNT_MAIL
    if form is Form.OTHER:
        return Appearance.NOTHING
    names_amazon = "amazon" in sender or "amazon" in skeleton(header.text("subject"))
    return Appearance.ACCOUNT_MAIL if names_amazon else Appearance.NOTHING


def _read_plain(text: str) -> Subject:
    form, language = _ENDS.get(text.replace(" ", ""), (Form.OTHER, None))
    if form is Form.ACCOUNT:
        return Subject(form)
    match = _SUBJECT.fullmatch(text)
    if match is None:
        return Subject(Form.OTHER)
    store = match["store"] if match["store"] in amazon.STORES else None
    end = match["end"].replace(" ", "")
    form, language = _ENDS.get(end, (Form.OTHER, None))
    if form is Form.OTHER and match["alert"]:
        if any(words in end for words in _MENTIONS):
            form = Form.MENTION
        else:
            form = Form.NOTICE if end.startswith(_NOTICES) else Form.ACCOUNT
    return Subject(form, language, store)
