"""Who wrote a mail and to whom, and whether that is proved.

A signature counts only if its domain (SDID) equals the domain in From: every customer
of Amazon's mail service passes with `d=amazonses.com`. One good signature suffices. The
provider's word can always refuse, but prove only where its `Trust` says so.
"""

import re
from dataclasses import dataclass, replace

from watcher.recognition.amazon import ACCOUNT_MAIL, OLDER_ACCOUNT_MAIL, STORES
from watcher.recognition.authres import ProviderResult
from watcher.recognition.links import is_amazons
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    Authentication,
    Authority,
    Result,
)

_BARE = re.compile(r"[a-z0-9._+=-]+@[a-z0-9.-]+")
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


def mailbox_of(address: str) -> str:
    """Return an address without what its provider ignores: case, tags, Gmail's dots.

    Quotes and backslashes only protect what follows them (RFC 5321 §4.1.2).
    """
    local, _, domain = address.strip().lower().rpartition("@")
    if local.startswith('"') and local.endswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    local = local.partition("+")[0] or local
    if domain in _DOTS_IGNORED:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What came of verifying one DKIM signature."""

    sdid: str
    """The domain that signed (d=, RFC 6376 §3.5), in lower case."""
    flaw: Reason | None
    """Why it proves nothing; None: it verifies and covers all that matters."""
    detail: str


UNCHECKED = Authentication(Result.NONE, None, None, "not checked: no account mail")

_TELLING = (
    Reason.DKIM_TEMPERROR,
    Reason.DKIM_BODY_LENGTH,
    Reason.DKIM_HEADER_UNSIGNED,
    Reason.DKIM_FAIL,
    Reason.DKIM_NOT_ALIGNED,
)
"""Flaws in the order in which they count; the first may turn out to be none."""

_REPLACED_BY_PROVIDER = (Reason.DKIM_NONE, Reason.DKIM_FAIL, Reason.DKIM_TEMPERROR)
"""What a provider that rewrites mails does to a good signature; `l=` it does not."""


def authenticate(
    signatures: tuple[Signature, ...], provider: ProviderResult, domain: str
) -> tuple[Authentication, Reason | None]:
    """Return what is known of the sender, and why it is no proof (None: it is)."""
    if provider.result is Result.FAIL:
        said = Authentication(Result.FAIL, Authority.PROVIDER, domain, provider.detail)
        return said, Reason.PROVIDER_SAYS_FAIL
    # A good signature of another domain proves nothing of this one (RFC 7489 §3.1.1).
    authentication, flaw = _own(
        tuple(
            replace(each, flaw=Reason.DKIM_NOT_ALIGNED)
            if each.flaw is None and each.sdid != domain
            else each
            for each in signatures
        )
    )
    if flaw in _REPLACED_BY_PROVIDER and provider.is_proof:
        detail = f"{provider.detail}; {authentication.detail}"
        return Authentication(Result.PASS, Authority.PROVIDER, domain, detail), None
    return authentication, flaw


def _own(signatures: tuple[Signature, ...]) -> tuple[Authentication, Reason | None]:
    detail = "; ".join(signature.detail for signature in signatures) or "no signature"
    # That of a domain which is testing counts as none (RFC 6376 §3.6.1).
    counted = [one for one in signatures if one.flaw is not Reason.DKIM_NONE]
    if not counted:
        return Authentication(Result.NONE, None, None, detail), Reason.DKIM_NONE
    best = min(
        counted, key=lambda one: -1 if one.flaw is None else _TELLING.index(one.flaw)
    )
    result = {None: Result.PASS, Reason.DKIM_TEMPERROR: Result.TEMPERROR}.get(
        best.flaw, Result.FAIL
    )
    return Authentication(result, Authority.DKIM, best.sdid, detail), best.flaw
