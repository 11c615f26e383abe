"""The verdict on one mail: raw bytes in, a judgement out, within limits, never raising.

Whatever is examined leaves a `Finding`, good or bad, and the verdict follows from the
findings. What is missing is told from what speaks against a mail: a proof that could
not be completed makes it unverified, everything else a look-alike. Most mail is
dismissed by its header; only what claims a store's domain is verified.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from watcher.recognition import limits, links
from watcher.recognition.authres import Trust, provider_result
from watcher.recognition.body import (
    NO_BODY,
    Body,
    find_details,
    leads_elsewhere,
    read_body,
)
from watcher.recognition.explain import Aspect, Finding, finding
from watcher.recognition.header import Header, parse_header, split
from watcher.recognition.message import Malformed, Reading, parse_fields, parse_message
from watcher.recognition.sender import (
    UNCHECKED,
    Signature,
    authenticate,
    is_for_one_of,
    sender_flaw,
    sending_store,
)
from watcher.recognition.subject import (
    Appearance,
    Form,
    Subject,
    appearance,
    best_subject,
)
from watcher.recognition.text import one_line, sanitise
from watcher.recognition.verdict import (
    Authentication,
    Claim,
    LookAlike,
    NotRelevant,
    Reason,
    Recognised,
    Result,
    SignInAttempt,
    Unverified,
    Verdict,
)

MISSING_PROOF = frozenset({Reason.DKIM_NONE, Reason.DKIM_TEMPERROR, Reason.TOO_LARGE})
"""The proof is not complete, which by itself speaks against nobody."""

_UNKNOWN_BODY = frozenset({Reason.PHRASE_MISSING, Reason.LINK_MISSING})
"""With a proof this is a mail of Amazon's in a form nobody has seen."""

_OF_THE_TEXT = frozenset({Reason.PHRASE_MISSING, Reason.CODES_DISAGREE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user has configured that bears on a verdict."""

    stores: frozenset[str] | None = None
    """Store domains that are watched; None: every retail store."""
    recipients: frozenset[str] | None = None
    """Addresses that Amazon writes to, lower case; None: not judged."""
    trust: tuple[Trust, ...] = ()
    """Whose Authentication-Results are believed; empty: nobody's."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the findings it follows from."""

    verdict: Verdict
    findings: tuple[Finding, ...]


def judge(
    message: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judged:
    """Return the verdict on a mail; `signatures` are those of its From domain."""
    match appearance(message.header):
        case Appearance.ATTEMPT:
            return _judge_attempt(message, signatures, policy)
        case Appearance.ACCOUNT_MAIL:
            return _judge_account_mail(message, signatures, policy)
        case Appearance.NOTHING:
            return dismiss(message.header)


def judge_unread(message: Reading, why: Reason, policy: Policy) -> Judged:
    """Return the verdict on a mail of which only the header could be read."""
    subject = best_subject(message.header)
    findings = (
        Finding(Aspect.SIZE, (why,)),
        _header(message),
        _sender(message),
        _recipient(message, policy),
        _subject(message, subject),
    )
    reasons = _reasons(findings)
    is_attempt = subject.form is Form.ATTEMPT
    verdict: Verdict
    if is_attempt and set(reasons) <= MISSING_PROOF:
        verdict = Unverified(_claim(message, subject, NO_BODY), reasons, UNCHECKED)
    elif is_attempt or findings[2].flaws:
        verdict = LookAlike(reasons, UNCHECKED)
    else:
        verdict = NotRelevant(reasons, UNCHECKED)
    return Judged(verdict, findings)


def dismiss(header: Header) -> Judged:
    """Return the verdict on a mail whose header poses as nothing of Amazon's."""
    unknown = (Reason.SUBJECT_UNKNOWN,)
    findings = (
        Finding(Aspect.SENDER, (), sanitise(header.text("from")), is_judged=False),
        finding(Aspect.SUBJECT, unknown, header.text("subject")),
    )
    return Judged(NotRelevant(unknown, UNCHECKED), findings)


def _judge_account_mail(
    message: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judged:
    subject = best_subject(message.header)
    authentication, proof = _authenticate(message, signatures, policy)
    sender = _sender(message)
    is_notice = subject.form is Form.NOTICE
    seen = Reason.SIGN_IN_NOTICE if is_notice else Reason.SUBJECT_UNKNOWN
    findings = (
        _header(message),
        sender,
        proof,
        finding(Aspect.SUBJECT, (seen,), message.header.text("subject")),
    )
    against = {flaw for found in findings[:3] for flaw in found.flaws}
    against -= {Reason.DKIM_TEMPERROR}
    if authentication.result is Result.PASS:
        # Whoever is proved to be Amazon may write of sign-ins from any address.
        against -= {Reason.FROM_NOT_ACCOUNT_MAIL}
    is_shop_mail = sender.flaws == (Reason.FROM_NOT_ACCOUNT_MAIL,)
    if not against or (is_shop_mail and subject.form is Form.ACCOUNT):
        return Judged(NotRelevant(_reasons(findings), authentication), findings)
    return Judged(LookAlike(_reasons(findings), authentication), findings)


def _judge_attempt(
    message: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judged:
    subject = best_subject(message.header)
    body = read_body(message.bodies)
    authentication, proof = _authenticate(message, signatures, policy)
    findings = (
        _header(message),
        _sender(message),
        proof,
        _recipient(message, policy),
        _subject(message, subject),
        *_body(message, body, proof.flaws),
    )
    reasons = _reasons(findings)
    claim = _claim(message, subject, body)
    if set(reasons) - MISSING_PROOF:
        return Judged(LookAlike(reasons, authentication), findings)
    if reasons:
        return Judged(Unverified(claim, reasons, authentication), findings)
    store = _store(claim, policy)
    if store.flaws:
        verdict: Verdict = NotRelevant(store.flaws, authentication)
    else:
        verdict = Recognised(SignInAttempt(claim, body.content), authentication)
    return Judged(verdict, (*findings, store))


def _reasons(findings: tuple[Finding, ...]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(flaw for found in findings for flaw in found.flaws))


def _authenticate(
    message: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> tuple[Authentication, Finding]:
    domain = sending_store(message.senders)
    if domain is None:
        unchecked = Finding(Aspect.SIGNATURE, (), UNCHECKED.detail, is_judged=False)
        return UNCHECKED, unchecked
    provider = provider_result(message.header, policy.trust, domain)
    authentication, flaw = authenticate(signatures, provider, domain)
    flaws = (flaw,) if flaw else ()
    return authentication, finding(Aspect.SIGNATURE, flaws, authentication.detail)


def _header(message: Reading) -> Finding:
    twice = message.header.duplicates()
    duplicated = (Reason.HEADERS_DUPLICATED,) if twice else ()
    malformed = (Reason.MALFORMED,) if message.header.is_broken else ()
    return finding(Aspect.HEADER, duplicated + malformed, ", ".join(twice))


def _sender(message: Reading) -> Finding:
    flaw = sender_flaw(message.senders)
    return finding(Aspect.SENDER, (flaw,) if flaw else (), message.header.text("from"))


def _recipient(message: Reading, policy: Policy) -> Finding:
    shown = sanitise(", ".join(message.recipients))
    if policy.recipients is None:
        return Finding(Aspect.RECIPIENT, (), shown, is_judged=False)
    is_ours = is_for_one_of(policy.recipients, message.recipients)
    flaws = () if is_ours else (Reason.RECIPIENT_UNKNOWN,)
    return Finding(Aspect.RECIPIENT, flaws, shown)


def _subject(message: Reading, subject: Subject) -> Finding:
    flaws = (Reason.SUBJECT_HOMOGLYPH,) if subject.is_disguised else ()
    return finding(Aspect.SUBJECT, flaws, message.header.text("subject"))


def _body(
    message: Reading, body: Body, proof: tuple[Reason, ...]
) -> tuple[Finding, Finding]:
    """Weigh the body's flaws: an unknown body is Amazon's right, but nobody else's."""
    may_be_amazons = proof in ((), (Reason.DKIM_TEMPERROR,))
    may_be_new = may_be_amazons and not message.has_enclosures
    flaws = tuple(
        flaw for flaw in body.flaws if not (may_be_new and flaw in _UNKNOWN_BODY)
    )
    elsewhere = None if may_be_amazons else leads_elsewhere(message.bodies)
    if elsewhere and Reason.LINK_HOST not in flaws:
        flaws = (*flaws, Reason.LINK_HOST)
    text = tuple(flaw for flaw in flaws if flaw in _OF_THE_TEXT)
    link = tuple(flaw for flaw in flaws if flaw not in _OF_THE_TEXT)
    shown = next((url for url in body.links if links.flaws(url)), elsewhere)
    return (
        finding(Aspect.BODY, text, type(body.content).__name__.lower()),
        finding(Aspect.LINK, link, shown or next(iter(body.links), "")),
    )


def _claim(message: Reading, subject: Subject, body: Body) -> Claim:
    of_link = links.store_of(body.links[0]) if body.links else None
    return Claim(
        store=of_link or subject.store or sending_store(message.senders),
        language=subject.language,
        attempted_at=message.date,
        **find_details(message.bodies),
    )


def _store(claim: Claim, policy: Policy) -> Finding:
    is_watched = policy.stores is None or claim.store in policy.stores
    flaws = () if is_watched else (Reason.STORE_NOT_WATCHED,)
    return finding(Aspect.STORE, flaws, claim.store or "")


__all__ = ["Judgement", "Policy", "Verify", "classify", "may_be_attempt"]

Verify = Callable[[bytes, str], tuple[Signature, ...]]
"""Verifies the DKIM signatures of a raw mail against its From domain; never raises."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one mail."""

    message_id: str | None
    """The Reading-ID field with its angle brackets, sanitise."""
    digest: str
    """SHA-256 of the raw bytes in hexadecimal digits."""
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    """Why, aspect by aspect; `explain` makes sentences of it."""


def may_be_attempt(header: bytes) -> bool:
    """Tell from the header alone whether a mail is worth fetching whole.

    False means that `classify` is certain to find it not relevant.
    """
    parsed = parse_header(header[: limits.HEADER_BYTES])
    return appearance(parsed) is not Appearance.NOTHING


def classify(raw: bytes, *, verify: Verify, policy: Policy) -> Judgement:
    """Judge a mail.

    A mail larger than `limits.MAIL_BYTES`, or whose header is larger than
    `limits.HEADER_BYTES`, is judged by the start of its header only.
    """
    head, _ = split(raw[: limits.MAIL_BYTES])
    header = parse_header(head[: limits.HEADER_BYTES])
    is_large = len(raw) > limits.MAIL_BYTES or len(head) > limits.HEADER_BYTES
    if appearance(header) is Appearance.NOTHING:
        judged = dismiss(header)
    elif is_large:
        judged = judge_unread(parse_fields(header), Reason.TOO_LARGE, policy)
    else:
        judged = _judge_whole(raw, header, verify, policy)
    return Judgement(
        one_line(header.text("message-id")) or None,
        hashlib.sha256(raw).hexdigest(),
        judged.verdict,
        judged.findings,
    )


def _judge_whole(raw: bytes, header: Header, verify: Verify, policy: Policy) -> Judged:
    try:
        message = parse_message(raw)
    except Malformed:
        return judge_unread(parse_fields(header), Reason.MALFORMED, policy)
    store = sending_store(message.senders)
    signatures = verify(raw, store) if store else ()
    return judge(message, signatures, policy)
