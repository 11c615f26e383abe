"""Judges who writes and to whom."""

import re

from watcher.recognition.amazon import ACCOUNT_MAIL, OLDER_ACCOUNT_MAIL, STORES
from watcher.recognition.links import is_amazons
from watcher.recognition.verdict import Reason

_BARE = re.compile(r"[a-z0-9._+-]+@[a-z0-9.-]+")
_DOTS_IGNORED = frozenset({"gmail.com", "googlemail.com"})


def sole_sender(senders: tuple[str, ...]) -> str | None:
    """Return the one bare ASCII address in lower case, None where there is no such."""
    if len(senders) != 1:
        return None
    address = senders[0].lower()
    return address if _BARE.fullmatch(address) else None


def sending_store(senders: tuple[str, ...]) -> str | None:
    """Return the store in whose name a mail is sent, None where it is no store's."""
    domain = (sole_sender(senders) or "").rpartition("@")[2]
    return domain if domain in STORES else None


def sender_flaw(senders: tuple[str, ...]) -> Reason | None:
    """Return why the sender is not Amazon's account mail, None if it says it is."""
    sender = sole_sender(senders)
    local, _, domain = (sender or "").partition("@")
    if not is_amazons(domain):
        return Reason.FROM_NOT_AMAZON
    is_account_mail = local == ACCOUNT_MAIL and domain in STORES
    if is_account_mail or sender in OLDER_ACCOUNT_MAIL:
        return None
    return Reason.FROM_NOT_ACCOUNT_MAIL


def is_for_one_of(known: frozenset[str], recipients: tuple[str, ...]) -> bool:
    """Tell whether a recipient is known, by the mailbox that its address leads to."""
    mailboxes = {_mailbox(address) for address in known}
    return any(_mailbox(address) in mailboxes for address in recipients)


def _mailbox(address: str) -> str:
    """Return an address without what its provider ignores: case, tags, Gmail's dots.

    Quotes only protect what stands in them (RFC 5321 §4.1.2).
    """
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.strip('"').partition("+")[0]
    if domain in _DOTS_IGNORED:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"
