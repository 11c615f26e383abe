"""Whose Authentication-Results to believe (RFC 8601), as data."""

import re
from dataclasses import dataclass

NAMELESS = ""
"""Stands for the authserv-id where the provider writes none (Microsoft)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose Authentication-Results to believe, and how far."""

    authserv_ids: tuple[str, ...]
    """Lower case; `*` stands for what is left of one label."""
    is_proof: bool = False
    """A pass proves the sender; without, the field can only speak against a mail."""

    @classmethod
    def of(cls, authserv_id: str) -> "Trust":
        """Return the trust in one authserv-id that the user has configured."""
        return cls((authserv_id,))

    def covers(self, authserv_id: str) -> bool:
        """Return whether a field of this authserv-id counts."""
        patterns = (re.escape(known.lower()) for known in self.authserv_ids)
        name = authserv_id.lower()
        return any(re.fullmatch(p.replace(r"\*", "[^.]*"), name) for p in patterns)


GMAIL = Trust(("mx.google.com",))
# Microsoft removes foreign fields and rewrites mails, so that signatures break.
OUTLOOK = Trust((NAMELESS,), is_proof=True)
YAHOO = Trust(("atlas*.free.mail.*.yahoo.com", "atlas*.*.omega.yahoo.com"))
AOL = Trust(("atlas*.aol.mail.*.yahoo.com", "atlas*.*.omega.yahoo.com"))
ICLOUD = Trust(
    (
        *("bimi.icloud.com", "arc.icloud.com", "dmarc.icloud.com"),
        *("dkim-verifier.icloud.com", "spf.icloud.com"),
    )
)
FASTMAIL = Trust(("mx*.messagingengine.com",))
ZOHO = Trust(("mx.zohomail.*", "mx.zohomail.*.*", "mx.zoho.*"))
GMX = Trust(("gmx.net", "web.de"))
NIFTY = Trust(("nifty.com",))
YAHOO_JAPAN = Trust(("mta*.mail.*.yahoo.co.jp",))
