"""Presets of well-known providers: host, port, TLS, and what users must set up.

Everything here is data; a new provider is one more entry.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.i18n import Text
from watcher.imap.account import Tls, TlsQuirk
from watcher.recognition import authres
from watcher.recognition.authres import Trust

_APP_PASSWORD = Text(
    en="Make an app password in the account's security settings and use that.",
    ja="アカウントのセキュリティ設定でアプリパスワードを作り、それを使います。",
)
_IMAP_AND_APP_PASSWORD = Text(
    en="Switch IMAP on; with two-step sign-in make an app password.",
    ja="IMAP を有効にします。2 段階認証ならアプリパスワードを作ります。",
)
_NOBODY = Trust(())
_PASSWORD = Text(en="Use the mailbox's password.", ja="メールのパスワードを使います。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The preset that `provider = "…"` in the configuration selects."""

    title: str
    host: str | None
    """None where the user has to name it."""
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    tls_quirk: TlsQuirk = TlsQuirk.NOTHING
    trust: Trust = _NOBODY
    """Whose Authentication-Results count (RFC 8601); by default nobody's."""
    domains: tuple[str, ...] = ()
    """Mail domains by which `init` guesses the provider."""
    note: Text = _PASSWORD


PRESETS = {
    "gmail": Provider(
        title="Gmail",
        host="imap.gmail.com",
        trust=authres.GMAIL,
        domains=("gmail.com", "googlemail.com"),
        note=Text(
            en="Turn on 2-step verification, then make an app password.",
            ja="2 段階認証を有効にしてから、アプリパスワードを作ります。",
        ),
    ),
    "yahoo_japan": Provider(
        title="Yahoo! JAPAN",
        host="imap.mail.yahoo.co.jp",
        trust=authres.YAHOO_JAPAN,
        domains=("yahoo.co.jp", "ymail.ne.jp"),
        note=Text(
            en="Switch IMAP on in Yahoo! Mail's settings; it may go off by itself.",
            ja="Yahoo!メールの設定で IMAP を有効にします。自然に切れることがあります。",
        ),
    ),
    "icloud": Provider(
        title="iCloud",
        host="imap.mail.me.com",
        trust=authres.ICLOUD,
        domains=("icloud.com", "me.com", "mac.com"),
        note=Text(
            en="The user is the part before the @; make an app-specific password.",
            ja="ユーザー名は @ の前の部分です。App 用パスワードを作ります。",
        ),
    ),
    "outlook": Provider(
        title="Outlook.com",
        host="outlook.office365.com",
        trust=authres.OUTLOOK,
        domains=(
            "outlook.com",
            "outlook.jp",
            "hotmail.com",
            "hotmail.co.jp",
            "live.jp",
        ),
        note=Text(
            en="Accepts OAuth2 only: passwords and app passwords no longer work.",
            ja="OAuth2 だけが使えます。パスワードもアプリパスワードも使えません。",
        ),
    ),
    "yahoo": Provider(
        title="Yahoo.com",
        host="imap.mail.yahoo.com",
        trust=authres.YAHOO,
        domains=("yahoo.com", "ymail.com"),
        note=_APP_PASSWORD,
    ),
    "aol": Provider(
        title="AOL",
        host="imap.aol.com",
        trust=authres.AOL,
        domains=("aol.com",),
        note=_APP_PASSWORD,
    ),
    "fastmail": Provider(
        title="Fastmail",
        host="imap.fastmail.com",
        trust=authres.FASTMAIL,
        domains=("fastmail.com", "fastmail.fm"),
        note=_APP_PASSWORD,
    ),
    "zoho": Provider(
        title="Zoho Mail",
        host="imap.zoho.com",
        trust=authres.ZOHO,
        domains=("zoho.com", "zohomail.com"),
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "zoho_jp": Provider(
        title="Zoho Mail (JP)",
        host="imap.zoho.jp",
        trust=authres.ZOHO,
        domains=("zohomail.jp",),
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "gmx": Provider(
        title="GMX",
        host="imap.gmx.net",
        trust=authres.GMX,
        domains=("gmx.net", "gmx.de", "gmx.at", "gmx.ch"),
        note=Text(
            en="Allow IMAP under POP3 & IMAP in the settings.",
            ja="設定の「POP3 & IMAP」で IMAP を許可します。",
        ),
    ),
    "docomo": Provider(
        title="ドコモメール",
        host="imap.spmode.ne.jp",
        tls_quirk=TlsQuirk.LEGACY_RENEGOTIATION,
        domains=("docomo.ne.jp",),
        note=Text(
            en="The user is the d ACCOUNT's ID; get a password of its own for IMAP.",
            ja="ユーザー名は dアカウントの ID、パスワードは IMAP専用パスワードです。",
        ),
    ),
    "au": Provider(
        title="auメール",
        host="imap.ezweb.ne.jp",
        domains=("ezweb.ne.jp", "au.com"),
        note=Text(
            en="au gives an ID and a password of their own for connecting.",
            ja="au が発行する接続用の ID とパスワードを使います。",
        ),
    ),
    "softbank": Provider(
        title="SoftBank (i.softbank.jp)",
        host="imap.softbank.jp",
        tls_quirk=TlsQuirk.STATIC_RSA,
        domains=("i.softbank.jp",),
        note=Text(
            en="Take the password from My SoftBank; @softbank.ne.jp has no IMAP.",
            ja="My SoftBank のパスワードです。@softbank.ne.jp は IMAP 非対応です。",
        ),
    ),
    "nifty": Provider(
        title="@niftyメール",
        host="imap.nifty.com",
        trust=authres.NIFTY,
        domains=("nifty.com",),
    ),
    "biglobe": Provider(
        title="BIGLOBEメール",
        host="mail.biglobe.ne.jp",
        domains=("biglobe.ne.jp",),
        note=Text(
            en="The user is the whole address, with the BIGLOBE password.",
            ja="ユーザー名はメールアドレス全体、BIGLOBEパスワードを使います。",
        ),
    ),
    "ocn": Provider(
        title="OCNメール",
        host="imap.ocn.ne.jp",
        domains=("ocn.ne.jp",),
        note=Text(
            en="The user is the whole address, with the mailbox's password.",
            ja="ユーザー名はメールアドレス全体、メールパスワードを使います。",
        ),
    ),
    "so_net": Provider(
        title="So-net",
        host="imap.so-net.ne.jp",
        domains=("so-net.ne.jp",),
        note=Text(
            en="The IMAP service has to be applied for first.",
            ja="先に IMAP サービスの申し込みが必要です。",
        ),
    ),
    "other": Provider(
        title="…",
        host=None,
        note=Text(
            en="Name the host; port and TLS only where they differ.",
            ja="host を書きます。port と tls は違うときだけ書きます。",
        ),
    ),
}


def of_address(address: str) -> Provider | None:
    """Return the provider of a mail address, None where its domain is not known."""
    domain = address.rpartition("@")[2].lower()
    return next((one for one in PRESETS.values() if domain in one.domains), None)


def nearest(written: str) -> str | None:
    """Return the preset that somebody means by a title, a domain or another spelling.

    None where no preset is like it.
    """
    meant = _letters(written.rpartition("@")[2])
    if meant and meant in _NAMES:
        return _NAMES[meant]
    is_word = "." not in written  # of a domain, one letter makes another
    close = difflib.get_close_matches(meant, PRESETS, n=1, cutoff=0.7)
    return close[0] if is_word and close else None


def _letters(written: str) -> str:
    return "".join(filter(str.isalnum, written.casefold()))


def _names(name: str, preset: Provider) -> Iterator[str]:
    yield from (name, preset.title, preset.host or name)
    yield from preset.domains
    yield from (domain.partition(".")[0] for domain in preset.domains)


_NAMES = {
    _letters(word): name
    for name, preset in reversed(PRESETS.items())
    for word in _names(name, preset)
} | {_letters(name): name for name in PRESETS}
"""What people call a preset; the first of two that are called so."""
