"""Finds the mailboxes that an account means among those that its server lists.

Pure. A special-use attribute (RFC 6154) is looked for in the LIST answer; several
mailboxes may carry it. A junk mailbox is also known by the names that providers give
it: a server may mark one and let another's filter use the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.imap.account import JUNK

INBOX = "INBOX"

_JUNK_NAMES = {
    "junk",
    "spam",
    "junk e-mail",
    "junk email",
    "junk mail",
    "bulk mail",
    "bulk",
    "迷惑メール",
    "迷惑メールフォルダ",
    "迷惑メールフォルダー",
    "スパム",
    "spamverdacht",
}
SPECIAL = 10
"""Mailboxes of one special use that are watched; each costs a question a look."""

_NOT_SELECTABLE = {"\\noselect", "\\nonexistent"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a LIST answer, its name decoded from modified UTF-7."""

    name: str
    attributes: frozenset[str]
    """In lower case."""
    delimiter: str = ""

    @property
    def leaf(self) -> str:
        """The last part of the name, in lower case: `INBOX.Spam` is a `spam`."""
        leaf = self.name.rsplit(self.delimiter, 1)[-1] if self.delimiter else self.name
        return leaf.lower()


def is_special(wanted: str) -> bool:
    """Return whether a configured mailbox is an attribute, not a name."""
    return wanted.startswith("\\")


def is_selectable(listed: Listed) -> bool:
    """Return whether a mailbox that LIST shows can be opened (RFC 5258 §3.1)."""
    return not listed.attributes & _NOT_SELECTABLE


def resolve(wanted: Iterable[str], listed: Iterable[Listed]) -> tuple[str, ...]:
    """Return the names of the wanted mailboxes, each once, in their order.

    An attribute that no mailbox has is left out: many accounts have no junk mailbox.
    """
    selectable = [one for one in listed if is_selectable(one)]
    names = (name for one in wanted for name in _names(one, selectable))
    # INBOX is the one name that is case-insensitive (RFC 3501 §5.1).
    folded = (INBOX if name.upper() == INBOX else name for name in names)
    return tuple(dict.fromkeys(folded))


def _names(wanted: str, selectable: list[Listed]) -> list[str]:
    if not is_special(wanted):
        return [wanted]
    names = [one.name for one in selectable if wanted.lower() in one.attributes]
    if wanted.lower() == JUNK.lower():
        names += [one.name for one in selectable if one.leaf in _JUNK_NAMES]
    return list(dict.fromkeys(names))[:SPECIAL]
