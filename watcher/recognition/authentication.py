"""What is known of the sender: our own DKIM check and the provider's word, as one.

A signature counts only if its domain (SDID) equals the domain in From: every customer
of Amazon's mail service passes with `d=amazonses.com`. One good signature suffices. The
provider's word can always refuse, but prove only where its `Trust` says so.
"""

from dataclasses import dataclass, replace

from watcher.recognition.authres import ProviderResult
from watcher.recognition.verdict import Authentication, Authority, Reason, Result


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
"""Flaws by what they tell; first the one that may yet turn out to be none."""

_MENDED_BY_PROVIDER = (Reason.DKIM_NONE, Reason.DKIM_FAIL, Reason.DKIM_TEMPERROR)
"""What a provider that rewrites mails does to a good signature; `l=` it does not."""


def authenticate(
    signatures: tuple[Signature, ...], provider: ProviderResult, domain: str
) -> tuple[Authentication, Reason | None]:
    """Return what is known of the sender, and why it is no proof (None: it is)."""
    if provider.result is Result.FAIL:
        said = Authentication(Result.FAIL, Authority.PROVIDER, domain, provider.detail)
        return said, Reason.PROVIDER_SAYS_FAIL
    authentication, flaw = _own(tuple(_aligned(each, domain) for each in signatures))
    if flaw in _MENDED_BY_PROVIDER and provider.is_proof:
        detail = f"{provider.detail}; {authentication.detail}"
        return Authentication(Result.PASS, Authority.PROVIDER, domain, detail), None
    return authentication, flaw


def _aligned(signature: Signature, domain: str) -> Signature:
    """Return a signature that proves nothing of another domain (RFC 7489 §3.1.1)."""
    if signature.flaw is None and signature.sdid != domain:
        return replace(signature, flaw=Reason.DKIM_NOT_ALIGNED)
    return signature


def _own(
    signatures: tuple[Signature, ...],
) -> tuple[Authentication, Reason | None]:
    if not signatures:
        return Authentication(Result.NONE, None, None, "no signature"), Reason.DKIM_NONE
    detail = "; ".join(signature.detail for signature in signatures)
    best = min(signatures, key=_rank)
    result = {None: Result.PASS, Reason.DKIM_TEMPERROR: Result.TEMPERROR}.get(
        best.flaw, Result.FAIL
    )
    return Authentication(result, Authority.DKIM, best.sdid, detail), best.flaw


def _rank(signature: Signature) -> int:
    return -1 if signature.flaw is None else _TELLING.index(signature.flaw)
