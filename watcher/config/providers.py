"""Presets of well-known providers: host, port, TLS, and what users must set up.

Everything here is data; a new provider is one more entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from watcher.i18n import Text
from watcher.imap.choices import Tls, TlsQuirk
from watcher.recognition import trust
from watcher.recognition.trust import Trust

_APP_PASSWORD = Text(
    en="Make an app password in the account's security settings and use that.",
    ja="アカウントのセキュリティ設定でアプリパスワードを作り、それを使います。",
)
_IMAP_AND_APP_PASSWORD = Text(
    en="Switch IMAP on; with two-step sign-in make an app password.",
    ja="IMAP を有効にします。2 段階認証ならアプリパスワードを作ります。",
)
_OUTLOOK = Text(
    en="Outlook.com no longer lets programs log in with a password, nor with an app "
    "password. Let Amazon write to another address (in Amazon's settings for login "
    "and security), or have Outlook forward its mail to a mailbox of another provider. "
    "With an application id of your own, or a program that gives tokens, it works "
    "without either: watcher help oauth2",
    ja="Outlook.com には、パスワードでもアプリパスワードでもログインできません。"
    "Amazon の「ログインとセキュリティ」でメールアドレスを変えるか、Outlook の設定で"
    "別のメールサービスに転送してください。自分のアプリケーション ID か、トークンを出す"
    "プログラムがあれば、そのまま見張れます: watcher help oauth2",
)
_NO_IMAP = Text(
    en="This provider offers no IMAP, so its mail cannot be watched. Let Amazon write "
    "to another address (in Amazon's settings for login and security).",
    ja="このメールサービスは IMAP に対応していないので、見張れません。Amazon の"
    "「ログインとセキュリティ」で、別のメールアドレスに変えてください。",
)
_BRIDGE = Text(
    en="Its mail can be read only through the provider's own bridge program. Start "
    "that, and name what it tells: --host 127.0.0.1 --port … --tls none",
    ja="このメールは、提供元の専用プログラム(Bridge)を通してだけ読めます。起動して、"
    "表示された値を指定してください: --host 127.0.0.1 --port … --tls none",
)
_NOBODY = Trust(())
_PASSWORD = Text(en="Use the mailbox's password.", ja="メールのパスワードを使います。")


class LoginName(Enum):
    """What a provider takes as the user of a login."""

    ADDRESS = auto()
    LOCAL_PART = auto()
    """What stands before the "@"."""
    OWN = auto()
    """A name that nobody can tell from the address."""


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
    """Mail domains by which `init` knows the provider."""
    exchanges: tuple[str, ...] = ()
    """Domains of the mail exchangers (MX) of those who bring a domain of their own."""
    login_name: LoginName = LoginName.ADDRESS
    note: Text = _PASSWORD
    page: str | None = None
    """Where the user makes the password, or switches IMAP on."""
    oauth: bool = False
    """Whether `watcher oauth login` can log in there."""
    obstacle: Text | None = None
    """Why no password works there; None: one does."""


PRESETS = {
    "gmail": Provider(
        title="Gmail",
        host="imap.gmail.com",
        trust=trust.GMAIL,
        domains=("gmail.com", "googlemail.com"),
        exchanges=("google.com", "googlemail.com"),
        page="https://myaccount.google.com/apppasswords",
        note=Text(
            en="Turn on 2-step verification, then make an app password.",
            ja="2 段階認証を有効にしてから、アプリパスワードを作ります。",
        ),
    ),
    "yahoo_japan": Provider(
        title="Yahoo! JAPAN",
        host="imap.mail.yahoo.co.jp",
        trust=trust.YAHOO_JAPAN,
        domains=("yahoo.co.jp", "ymail.ne.jp"),
        page="https://mail.yahoo.co.jp/",
        note=Text(
            en="Switch IMAP on in Yahoo! Mail's settings; it may go off by itself.",
            ja="Yahoo!メールの設定で IMAP を有効にします。自然に切れることがあります。",
        ),
    ),
    "icloud": Provider(
        title="iCloud",
        host="imap.mail.me.com",
        trust=trust.ICLOUD,
        domains=("icloud.com", "me.com", "mac.com"),
        exchanges=("icloud.com",),
        login_name=LoginName.LOCAL_PART,
        page="https://account.apple.com/account/manage",
        note=Text(
            en="The user is the part before the @; make an app-specific password.",
            ja="ユーザー名は @ の前の部分です。App 用パスワードを作ります。",
        ),
    ),
    "outlook": Provider(
        title="Outlook.com",
        host="outlook.office365.com",
        trust=trust.OUTLOOK,
        domains=(
            "outlook.com",
            "outlook.jp",
            "hotmail.com",
            "hotmail.co.jp",
            "live.jp",
        ),
        exchanges=("outlook.com",),
        oauth=True,
        obstacle=_OUTLOOK,
        note=Text(
            en="Accepts OAuth2 only: passwords and app passwords no longer work.",
            ja="OAuth2 だけが使えます。パスワードもアプリパスワードも使えません。",
        ),
    ),
    "yahoo": Provider(
        title="Yahoo.com",
        host="imap.mail.yahoo.com",
        trust=trust.YAHOO,
        domains=("yahoo.com", "ymail.com"),
        exchanges=("yahoodns.net",),
        page="https://login.yahoo.com/account/security",
        note=_APP_PASSWORD,
    ),
    "aol": Provider(
        title="AOL",
        host="imap.aol.com",
        trust=trust.AOL,
        domains=("aol.com",),
        page="https://login.aol.com/account/security",
        note=_APP_PASSWORD,
    ),
    "fastmail": Provider(
        title="Fastmail",
        host="imap.fastmail.com",
        trust=trust.FASTMAIL,
        domains=("fastmail.com", "fastmail.fm"),
        exchanges=("messagingengine.com",),
        page="https://app.fastmail.com/settings/security",
        note=_APP_PASSWORD,
    ),
    "zoho": Provider(
        title="Zoho Mail",
        host="imap.zoho.com",
        trust=trust.ZOHO,
        domains=("zoho.com", "zohomail.com"),
        exchanges=("zoho.com",),
        page="https://accounts.zoho.com/home#security/app_password",
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "zoho_jp": Provider(
        title="Zoho Mail (JP)",
        host="imap.zoho.jp",
        trust=trust.ZOHO,
        domains=("zohomail.jp",),
        exchanges=("zoho.jp",),
        page="https://accounts.zoho.jp/home#security/app_password",
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "gmx": Provider(
        title="GMX",
        host="imap.gmx.net",
        trust=trust.GMX,
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
        login_name=LoginName.OWN,
        page="https://www.nttdocomo.co.jp/service/docomo_mail/security/",
        note=Text(
            en="The user is the d ACCOUNT's ID; get a password of its own for IMAP.",
            ja="ユーザー名は dアカウントの ID、パスワードは IMAP専用パスワードです。",
        ),
    ),
    "au": Provider(
        title="auメール",
        host="imap.ezweb.ne.jp",
        domains=("ezweb.ne.jp", "au.com"),
        login_name=LoginName.OWN,
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
        page="https://my.softbank.jp/",
        note=Text(
            en="Take the password from My SoftBank; @softbank.ne.jp has no IMAP.",
            ja="My SoftBank のパスワードです。@softbank.ne.jp は IMAP 非対応です。",
        ),
    ),
    "nifty": Provider(
        title="@niftyメール",
        host="imap.nifty.com",
        trust=trust.NIFTY,
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


OBSTACLES = {
    **dict.fromkeys(("softbank.ne.jp", "vodafone.ne.jp"), _NO_IMAP),
    **dict.fromkeys(("tutanota.com", "tuta.com", "tuta.io"), _NO_IMAP),
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), _BRIDGE),
}
"""Mail domains without a preset that cannot be watched, and why."""


def of_address(address: str) -> str | None:
    """Return the key of a mail address' preset, None where its domain is not known."""
    domain = address.rpartition("@")[2].lower()
    keys = (key for key, one in PRESETS.items() if domain in one.domains)
    return next(keys, None)


def nearly(address: str) -> str | None:
    """Return an address with the well-known domain that is almost written there.

    None where its domain is well known, or like none.
    """
    import difflib  # only a mistake needs it

    user, _, domain = address.rpartition("@")
    known = [name for one in PRESETS.values() for name in one.domains]
    close = difflib.get_close_matches(domain.lower(), known, n=1, cutoff=0.87)
    if not close or domain.lower() in known or domain[:1].lower() != close[0][0]:
        return None
    return f"{user}@{close[0]}"


def of_exchange(host: str) -> str | None:
    """Return the key of the preset to which a mail exchanger (MX) belongs."""
    from watcher.recognition.links import is_of  # it takes long, `init` alone needs it

    name = host.rstrip(".")
    for key, one in PRESETS.items():
        if is_of(name, frozenset(one.exchanges)):
            return key
    return None


def nearest(written: str) -> str | None:
    """Return the preset that somebody means by a title, a domain or another spelling.

    None where no preset is like it.
    """
    import difflib  # only a mistake needs it

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
