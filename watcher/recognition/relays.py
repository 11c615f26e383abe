"""What relays, forwarders and filters make of a mail that they pass on.

They break the proof, each in its way, and add little else. A mail that fails only so
may be Amazon's; nothing proves it.
"""

import re
from urllib.parse import unquote

from watcher.recognition import links
from watcher.recognition.message import Reading
from watcher.recognition.reasons import Reason

RELAYS = frozenset(
    {
        *("privaterelay.appleid.com", "icloud.com", "mozmail.com", "duck.com"),
        *("simplelogin.co", "simplelogin.com", "aleeas.com", "slmail.me"),
        *("addy.io", "anonaddy.com", "anonaddy.me", "googlegroups.com"),
    }
)
"""Domains in whose name a relay sends on what it received."""

BANNERS = (
    *("https://duckduckgo.com/email/", "https://relay.firefox.com/"),
    "https://groups.google.com/",
)
"""Pages of relays to which they lead from a banner, outside of those domains."""

REWRITERS = frozenset(
    {
        *("safelinks.protection.outlook.com", "urldefense.com", "urldefense.us"),
        *("urldefense.proofpoint.com", "linkprotect.cudasvc.com"),
        *("protect.mimecast.com", "clicktime.symantec.com"),
    }
)
"""Hosts that stand in place of those to which a filter lets a link lead."""

_BROKEN = frozenset(
    {
        *(Reason.DKIM_NONE, Reason.DKIM_FAIL, Reason.DKIM_NOT_ALIGNED),
        *(Reason.DKIM_TEMPERROR, Reason.DKIM_HEADER_UNSIGNED),
        *(Reason.PROVIDER_SAYS_FAIL, Reason.HEADERS_DUPLICATED),
        *(Reason.RECIPIENT_UNKNOWN, Reason.SUBJECT_UNKNOWN, Reason.TOO_LARGE),
        *(Reason.PHRASE_MISSING, Reason.LINK_MISSING, Reason.LINKS_DISAGREE),
        *(Reason.LINK_PATH, Reason.LINK_HOST, Reason.CODES_DISAGREE),
    }
)
"""Flaws that a mail of Amazon's may have got on its way."""


_SDID = re.compile(rb"(?:^|;)d=([^;]+)")
"""The domain that signs (RFC 6376 §3.5), in a field without blanks."""

_INNER = re.compile(r"https?://[^\s?&#]+", re.IGNORECASE)
"""The address that a rewritten one holds."""


def may_be_altered(
    reading: Reading, reasons: tuple[Reason, ...], relays: frozenset[str]
) -> bool:
    """Return whether a mail fails only as mails fail that were passed on.

    `relays` are those that the user has named. A sender that a relay has put in place
    of Amazon's has to have signed the mail, as relays do; whether the signature is good
    no name server is asked.
    """
    flaws = set(reasons)
    if flaws & {Reason.FROM_NOT_AMAZON, Reason.FROM_NOT_ACCOUNT_MAIL}:
        if not _is_from_a_relay(reading):
            return False
        flaws -= {Reason.FROM_NOT_AMAZON}
    known = RELAYS | relays
    return flaws <= _BROKEN and all(
        _is_harmless(address, known)
        for page in reading.bodies
        for address in links.addresses(page)
    )


def _is_from_a_relay(reading: Reading) -> bool:
    """Return whether its sender signs it, and names Amazon as the one before."""
    domains = {one.rpartition("@")[2].lower() for one in reading.senders}
    is_signed = signing_domain(reading, min(domains, default="")) is not None
    return len(domains) == 1 and is_signed and "amazon" in _names(reading)


def signing_domain(reading: Reading, domain: str) -> str | None:
    """Return the domain that signs for one: itself, or that of which it is a part.

    Relays give each user a name within their own (RFC 7489 §3.1.1: relaxed alignment).
    None if no signature is of such a domain.
    """
    fields = (b"".join(one.split()) for one in reading.header.get_all("dkim-signature"))
    found = (name for field in fields for name in _SDID.findall(field.lower()))
    signers = {name.decode("ascii", "replace") for name in found}
    wide = (one for one in signers if "." in one and domain.endswith(f".{one}"))
    return domain if domain in signers else max(wide, key=len, default=None)


def _names(reading: Reading) -> str:
    fields = ("from", "reply-to", "subject")
    return " ".join(reading.header.text(name) for name in fields).lower()


def _is_harmless(address: str, known: frozenset[str]) -> bool:
    """Return whether an address leads to Amazon, or to a relay."""
    if address.startswith(BANNERS):
        return True
    if address.lower().startswith("mailto:"):
        mailbox = address.partition(":")[2].partition("?")[0]
        return links.is_of(mailbox, known) or links.is_amazons(mailbox)
    host = links.host(address)
    if links.is_of(host, REWRITERS):
        inner = _INNER.search(unquote(address), len("https://") + len(host))
        address = inner[0] if inner else address
    return not links.leads_elsewhere(address, known)
