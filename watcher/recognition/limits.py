"""How much of a mail is read before anything parses it, and how much is kept."""

MAIL_BYTES = 256 * 1024
"""A sign-in mail has some 20 KiB; a larger one than this is judged by its header."""

HEADER_BYTES = 32 * 1024
"""Parsers are quadratic in places: 32 KiB of header keeps the worst case bearable."""

PARTS = 100
"""MIME parts in one mail; Amazon's have two."""

CONTENT_FIELD_BYTES = 512
"""One Content field of a part; parsers are quadratic in its parameters."""

LINES = 10_000
"""Lines of one mail; each costs the parser of the standard library some time."""

TAGS = 10_000
"""Tags of one HTML body that are read; Amazon's have some hundred."""

TEXT = 16 * 1024
"""Characters of one body that are read; Amazon's have some thousand."""

LINKS = 100
"""Different links that ask the user, after which no more are read."""

LOGGED = 998
"""Characters of one foreign text in the event log: a line of mail (RFC 5322 §2.1.1)."""
