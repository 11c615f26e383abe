"""The kinds of input that come from outside, each with the rule that must hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.fuzz import configurations, mails, rows, servers


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of input."""

    rule: str
    check: Callable[[bytes], None]
    """Raises where an input breaks the rule."""
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes]
    """What the grammar of the input is made of."""


TARGETS = {
    "message": Target(
        "no change of a signed mail gives a link or code that was not signed",
        mails.check_message,
        mails.messages,
        mails.WORDS,
    ),
    "proved": Target(
        "a link of a proved mail is https on a store's host, below /a/c/r; a code is "
        "digits; what is shown of it is one printable line",
        mails.check_proved,
        mails.bodies,
        mails.WORDS,
    ),
    "html": Target(
        "nothing is read of HTML that does not stand in it, and never more than the "
        "limits",
        mails.check_html,
        mails.pages,
        mails.WORDS,
    ),
    "authres": Target(
        "a field says nothing that does not stand outside of its comments",
        mails.check_authres,
        mails.results,
        mails.RESULT_WORDS,
    ),
    "charset": Target(
        "any octets become text, and ASCII becomes itself",
        mails.check_charset,
        mails.fields,
        mails.FIELD_WORDS,
    ),
    "imap": Target(
        "no answer of a server makes a UID that does not stand in it, nor an error "
        "that is not ours",
        servers.check,
        servers.answers,
        servers.WORDS,
    ),
    "rows": Target(
        "what is read of a row is what would be written of it, or it is odd",
        rows.check,
        rows.seeds,
        rows.WORDS,
    ),
    "configuration": Target(
        "a file is a configuration, or an error that names a key or a line in both "
        "languages, and repeats no secret",
        configurations.check,
        configurations.files,
        configurations.WORDS,
    ),
}
