"""The verdict on one mail: raw bytes in, a judgement out, within limits, never raising.

Whatever is examined leaves a `Finding`, good or bad, and the verdict follows from the
findings. Whose sender is proved is Amazon's, whatever its form; without a link or code
if that is not as known. What is missing is told from what speaks against a mail: a
proof that could not be completed makes it unverified, everything else a look-alike.
Most mail is dismissed by its header; only what claims a store's domain is verified.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from watcher.recognition import amazon, links
from watcher.recognition.authres import provider_result
from watcher.recognition.body import NO_BODY, Body, leads_elsewhere, read_body
from watcher.recognition.claim import Claim
from watcher.recognition.explain import Aspect, Finding, finding
from watcher.recognition.message import Reading, read, read_header
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.recipients import is_addressed_to
from watcher.recognition.relays import may_be_altered, signing_domain
from watcher.recognition.sender import (
    UNCHECKED,
    Signature,
    authenticate,
    sender_flaw,
    sending_store,
    sole_sender,
)
from watcher.recognition.subject import Appearance, Form
from watcher.recognition.tags import without_tags
from watcher.recognition.verdict import (
    AccountMail,
    Authentication,
    Content,
    LookAlike,
    NotRelevant,
    Recognised,
    Result,
    SignInAttempt,
    Unknown,
    Unverified,
    Verdict,
)

MISSING_PROOF = frozenset({Reason.DKIM_NONE, Reason.DKIM_TEMPERROR, Reason.TOO_LARGE})
"""The proof is not complete, which alone speaks against no mail."""

_UNKNOWN_FORM = frozenset(
    {
        *(Reason.PHRASE_MISSING, Reason.LINK_MISSING, Reason.LINK_PATH),
        *(Reason.LINKS_DISAGREE, Reason.CODES_DISAGREE, Reason.RECIPIENT_UNKNOWN),
    }
)
"""What Amazon may have changed; alone it speaks against no mail that may be proved."""

_ADDED = frozenset({Reason.HEADERS_DUPLICATED, Reason.MALFORMED})
"""What may be added to a mail without breaking its signature (RFC 6376 §8.15)."""

_BROKEN_BY_A_TAG = 2
"""Signatures of one domain; Amazon's mails have one. Each guess at a tag costs them."""

_OF_THE_TEXT = frozenset({Reason.PHRASE_MISSING, Reason.CODES_DISAGREE})


Verify = Callable[[Reading, str], tuple[Signature, ...]]
"""Verifies a mail's DKIM signatures against its From domain; never raises."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the findings it follows from."""

    reading: Reading = field(repr=False)
    verdict: Verdict
    findings: tuple[Finding, ...]
    """Why, aspect by aspect."""


def classify(raw: bytes, *, verify: Verify, policy: Policy) -> Judgement:
    """Return the judgement on a mail of any size; only a store's mail is verified."""
    reading = read(raw)
    signer = sending_store(reading.senders) or sending_relay(reading, policy)
    if signer is None or reading.unread is not None:
        return judge(reading, (), policy)
    signatures = verify(reading, signer)
    broken = [each for each in signatures if each.flaw is Reason.DKIM_FAIL]
    is_changed = 0 < len(broken) <= _BROKEN_BY_A_TAG
    if is_changed and (sent := _proved_without_tag(raw, signer, verify)):
        # What the provider said is of the mail with the tag.
        return judge(*sent, replace(policy, trust=()))
    return judge(reading, signatures, policy)


def _proved_without_tag(
    raw: bytes, signer: str, verify: Verify
) -> tuple[Reading, tuple[Signature, ...]] | None:
    """Return the mail that was signed before a tag was put around its subject."""
    for tried in map(read_header, without_tags(raw)):
        signatures = verify(tried, signer)
        if signer in _proved(signatures):
            sent = read(tried.raw)
            return (sent, signatures) if sent.unread is None else None
    return None


def _proved(signatures: tuple[Signature, ...]) -> frozenset[str]:
    """Return the domains whose signatures are good."""
    return frozenset(each.sdid for each in signatures if each.flaw is None)


def judge(
    reading: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judgement:
    """Return the judgement on a mail; `signatures` are those of its From domain."""
    match reading.appearance:
        case Appearance.NOTHING:
            header, reasons = reading.header, (Reason.SUBJECT_UNKNOWN,)
            findings = (
                finding(Aspect.SENDER, (), header.text("from"), is_judged=False),
                finding(Aspect.SUBJECT, reasons, header.text("subject")),
            )
            return Judgement(reading, NotRelevant(reasons, UNCHECKED), findings)
        case _ if reading.unread:
            return _judge_unread(reading, reading.unread, policy)
        case Appearance.ATTEMPT:
            return _judge_attempt(reading, signatures, policy)
        case Appearance.ACCOUNT_MAIL:
            return _judge_account_mail(reading, signatures, policy)


def _judge_unread(reading: Reading, why: Reason, policy: Policy) -> Judgement:
    """Judge a mail of which only the header could be read."""
    sender = _sender(reading)
    findings = (
        finding(Aspect.SIZE, (why,), ""),
        _header(reading),
        sender,
        _recipient(reading, policy),
        _subject(reading),
    )
    reasons = _reasons(findings)
    is_attempt = reading.subject.form is Form.ATTEMPT
    verdict: Verdict
    if is_attempt and set(reasons) <= MISSING_PROOF:
        verdict = Unverified(_claim(reading, NO_BODY), reasons, UNCHECKED)
    elif is_attempt or sender.flaws:
        verdict = LookAlike(reasons, UNCHECKED)
    else:
        verdict = NotRelevant(reasons, UNCHECKED)
    return Judgement(reading, verdict, findings)


def _judge_account_mail(
    reading: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judgement:
    body = read_body(reading.bodies)
    authentication, proof = _authenticate(reading, signatures, policy)
    sender = _sender(reading)
    is_notice = reading.subject.form is Form.NOTICE
    seen = Reason.SIGN_IN_NOTICE if is_notice else Reason.SUBJECT_UNKNOWN
    findings = (
        _header(reading),
        sender,
        proof,
        finding(Aspect.SUBJECT, (seen,), reading.header.text("subject")),
    )
    against = {flaw for found in findings[:3] for flaw in found.flaws}
    against -= {Reason.DKIM_TEMPERROR}
    is_proved = authentication.result is Result.PASS
    if is_proved and not against and _may_be_an_attempt(reading, body):
        return _recognise(reading, body, authentication, findings, policy)
    if is_proved:
        # Whoever is proved to be Amazon may write of sign-ins from any address.
        against -= {Reason.FROM_NOT_ACCOUNT_MAIL}
    is_shop_mail = sender.flaws == (Reason.FROM_NOT_ACCOUNT_MAIL,)
    reasons = _reasons(findings)
    if not against or (is_shop_mail and reading.subject.form is Form.ACCOUNT):
        is_amazons = is_proved and not sender.flaws
        account_mail = _account_mail(reading, body, policy) if is_amazons else None
        verdict = NotRelevant(reasons, authentication, account_mail)
        return Judgement(reading, verdict, findings)
    if _may_be_an_attempt(reading, body):
        claim = _claim(reading, body)
        return _doubt(
            reading, claim, signatures, reasons, authentication, findings, policy
        )
    return Judgement(reading, LookAlike(reasons, authentication), findings)


def _account_mail(reading: Reading, body: Body, policy: Policy) -> AccountMail:
    """Return what a mail of Amazon's is to who waits for an attempt."""
    claim = None
    is_ours = not _recipient(reading, policy).flaws  # else somebody passed it on
    if reading.subject.form is Form.NOTICE and is_ours:
        claim = _claim(reading, body)
    if claim and policy.stores is not None and claim.store not in policy.stores:
        claim = None
    return AccountMail(reading.header.text("subject"), claim)


def _may_be_an_attempt(reading: Reading, body: Body) -> bool:
    """Return whether account mail with an unknown subject may be about a sign-in."""
    match reading.subject.form:
        case Form.MENTION:
            return True
        case Form.OTHER:
            return any(map(links.asks, body.links))
        case _:
            return False


def _judge_attempt(
    reading: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> Judgement:
    body = read_body(reading.bodies)
    authentication, proof = _authenticate(reading, signatures, policy)
    findings = (
        _header(reading),
        _sender(reading),
        proof,
        _recipient(reading, policy),
        _subject(reading),
        *_body(reading, body, proof.flaws),
    )
    reasons = _reasons(findings)
    if authentication.result is Result.PASS and _ADDED.isdisjoint(reasons):
        return _recognise(reading, body, authentication, findings, policy)
    claim = _claim(reading, body)
    if proof.flaws == (Reason.DKIM_TEMPERROR,) and not reading.has_enclosures:
        reasons = tuple(flaw for flaw in reasons if flaw not in _UNKNOWN_FORM)
    if set(reasons) <= MISSING_PROOF:
        return Judgement(reading, Unverified(claim, reasons, authentication), findings)
    return _doubt(reading, claim, signatures, reasons, authentication, findings, policy)


def _doubt(
    reading: Reading,
    claim: Claim,
    signatures: tuple[Signature, ...],
    reasons: tuple[Reason, ...],
    authentication: Authentication,
    findings: tuple[Finding, ...],
    policy: Policy,
) -> Judgement:
    """Return the judgement on what passes itself off as an attempt, and fails.

    What a relay that the user has named is proved to have sent on is not verified; of
    other mails it is only said that they may have been altered on their way.
    """
    if not may_be_altered(reading, reasons, policy.relays):
        return Judgement(reading, LookAlike(reasons, authentication), findings)
    verdict: Verdict = LookAlike(reasons, authentication, claim)
    if sending_relay(reading, policy) in _proved(signatures):
        verdict = Unverified(claim, reasons, authentication)
    return Judgement(reading, verdict, findings)


def sending_relay(reading: Reading, policy: Policy) -> str | None:
    """Return the domain that signs for a relay which the user has named, if it sent."""
    if reading.appearance is Appearance.NOTHING:
        return None
    domain = (sole_sender(reading.senders) or "").rpartition("@")[2]
    is_named = links.is_of(domain, policy.relays)
    return signing_domain(reading, domain) if is_named else None


def _recognise(
    reading: Reading,
    body: Body,
    authentication: Authentication,
    findings: tuple[Finding, ...],
    policy: Policy,
) -> Judgement:
    """Return the judgement on a mail of Amazon's: nothing of it is left untold."""
    reasons = _reasons(findings)
    claim = _claim(reading, body)
    if Reason.RECIPIENT_UNKNOWN in reasons:
        claim = replace(claim, recipient=", ".join(reading.recipients))
    content: Content = body.content
    if reasons or isinstance(content, Unknown):
        content = Unknown(reasons)
    is_watched = policy.stores is None or claim.store in policy.stores
    flaws = () if is_watched else (Reason.STORE_NOT_WATCHED,)
    verdict: Verdict = NotRelevant(flaws, authentication)
    if is_watched:
        verdict = Recognised(SignInAttempt(claim, content), authentication)
    store = finding(Aspect.STORE, flaws, claim.store or "")
    return Judgement(reading, verdict, (*findings, store))


def _reasons(findings: tuple[Finding, ...]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(flaw for found in findings for flaw in found.flaws))


def _authenticate(
    reading: Reading, signatures: tuple[Signature, ...], policy: Policy
) -> tuple[Authentication, Finding]:
    domain = sending_store(reading.senders)
    if domain is None:
        detail = UNCHECKED.detail
        return UNCHECKED, finding(Aspect.SIGNATURE, (), detail, is_judged=False)
    provider = provider_result(reading.header, policy.trust, domain)
    authentication, flaw = authenticate(signatures, provider, domain)
    flaws = (flaw,) if flaw else ()
    return authentication, finding(Aspect.SIGNATURE, flaws, authentication.detail)


def _header(reading: Reading) -> Finding:
    twice = reading.header.duplicates()
    duplicated = (Reason.HEADERS_DUPLICATED,) if twice else ()
    malformed = (Reason.MALFORMED,) if reading.header.is_broken else ()
    return finding(Aspect.HEADER, duplicated + malformed, ", ".join(twice))


def _sender(reading: Reading) -> Finding:
    flaw = sender_flaw(reading.senders)
    return finding(Aspect.SENDER, (flaw,) if flaw else (), reading.header.text("from"))


def _recipient(reading: Reading, policy: Policy) -> Finding:
    known = policy.recipients
    is_judged = known is not None
    is_foreign = known is not None and not is_addressed_to(reading.recipients, known)
    flaws = (Reason.RECIPIENT_UNKNOWN,) if is_foreign else ()
    shown = ", ".join(reading.recipients)
    return finding(Aspect.RECIPIENT, flaws, shown, is_judged=is_judged)


def _subject(reading: Reading) -> Finding:
    flaws = (Reason.SUBJECT_HOMOGLYPH,) if reading.subject.is_disguised else ()
    return finding(Aspect.SUBJECT, flaws, reading.header.text("subject"))


def _body(
    reading: Reading, body: Body, proof: tuple[Reason, ...]
) -> tuple[Finding, Finding]:
    flaws = body.flaws
    may_be_amazons = proof in ((), (Reason.DKIM_TEMPERROR,))
    elsewhere = None if may_be_amazons else leads_elsewhere(reading.bodies)
    if elsewhere and Reason.LINK_HOST not in flaws:
        flaws = (*flaws, Reason.LINK_HOST)
    text = tuple(flaw for flaw in flaws if flaw in _OF_THE_TEXT)
    link = tuple(flaw for flaw in flaws if flaw not in _OF_THE_TEXT)
    shown = next((url for url in body.links if links.flaws(url)), elsewhere)
    return (
        finding(Aspect.BODY, text, type(body.content).__name__.lower()),
        finding(Aspect.LINK, link, shown or next(iter(body.links), "")),
    )


def _claim(reading: Reading, body: Body) -> Claim:
    of_link = links.host(body.links[0]).removeprefix("www.") if body.links else ""
    store = of_link if of_link in amazon.STORES else None
    return Claim(
        store=store or reading.subject.store or sending_store(reading.senders),
        language=reading.subject.language,
        attempted_at=reading.date,
        written_to=", ".join(sorted(reading.recipients)) or None,
        **body.details,
    )
