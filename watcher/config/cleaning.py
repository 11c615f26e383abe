"""A password as it was meant, of what somebody typed, pasted or saved."""

import re


def clean_password(text: str) -> str:
    """Return a password as it was meant, of what somebody typed, pasted or saved.

    Blanks and invisible characters at its ends belong to the clipboard or the editor.
    Google shows an app password in four groups, whose blanks are none of it. Nothing
    else inside a password is changed.
    """
    password = text.strip(_BLANKS)
    return "".join(re.findall("[a-z]", password)) if is_grouped(password) else password


def is_grouped(text: str) -> bool:
    """Return whether text is an app password as Google shows it, in four groups."""
    return bool(re.fullmatch(_FOUR_GROUPS, text))


_BLANKS = " \t\r\n\v\f\u00a0\u00ad\u200b\u200c\u200d\u202f\u2060\u3000\ufeff"


_FOUR_GROUPS = f"[a-z]{{4}}(?:[{_BLANKS}]+[a-z]{{4}}){{3}}"
