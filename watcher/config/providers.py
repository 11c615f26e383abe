"""Presets of well-known providers: host, port, TLS, and what users must set up.

Everything here is data; a new provider is one more entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
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
_OWN_SERVER = Text(
    en="The server's name differs from customer to customer here: the mail about your "
    "contract and the control panel show it (Xserver's is like sv123.xserver.jp).",
    ja="サーバー名は契約ごとに違います。設定完了のメールか、コントロールパネルで確かめて"
    "ください(エックスサーバーなら sv123.xserver.jp のような名前です)。",
)
_NOT_KNOWN = Text(
    en="It is not known whether the mail of this provider can be read by IMAP. If its "
    "help names an IMAP server, give that; else let Amazon write to another address.",
    ja="このメールサービスが IMAP で読めるかどうかは分かっていません。公式の説明に "
    "IMAP サーバー名があれば入力してください。なければ Amazon に登録したアドレスを"
    "変えてください。",
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
    source: str = ""
    """The page or file that tells host, port and login; empty where only programs in
    public do, which log in there."""
    checked: date | None = None
    """When that was seen to be so; None where nothing is preset."""
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


_ISPDB = "https://github.com/thunderbird/autoconfig/blob/master/ispdb"
_IN_NOVEMBER = date(2026, 11, 21)
_IN_JULY = date(2026, 7, 20)
_LATELY = date(2026, 11, 28)

PRESETS = {
    "gmail": Provider(
        title="Gmail",
        host="imap.gmail.com",
        source="https://developers.google.com/gmail/imap",
        checked=_IN_NOVEMBER,
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
        source="https://support.yahoo-net.jp/PccMail/s/article/H000014864",
        checked=_IN_JULY,
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
        source=f"{_ISPDB}/me.com.xml",
        checked=_IN_NOVEMBER,
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
        source=f"{_ISPDB}/hotmail.com.xml",
        checked=_IN_NOVEMBER,
        trust=trust.OUTLOOK,
        domains=(
            "outlook.com",
            "outlook.jp",
            "hotmail.com",
            "hotmail.co.jp",
            "live.com",
            "live.jp",
            "msn.com",
        ),
        exchanges=("outlook.com",),
        oauth=True,
        obstacle=_OUTLOOK,
        note=Text(
            en="Takes no password and no app password, but OAuth2: watcher help oauth2",
            ja="パスワードではなく OAuth2 でログインします(watcher help oauth2)。",
        ),
    ),
    "yahoo": Provider(
        title="Yahoo.com",
        host="imap.mail.yahoo.com",
        source="https://help.yahoo.com/kb/SLN4075.html",
        checked=_IN_JULY,
        trust=trust.YAHOO,
        domains=("yahoo.com", "ymail.com"),
        exchanges=("yahoodns.net",),
        page="https://login.yahoo.com/account/security",
        note=_APP_PASSWORD,
    ),
    "aol": Provider(
        title="AOL",
        host="imap.aol.com",
        source=f"{_ISPDB}/aol.com.xml",
        checked=_IN_NOVEMBER,
        trust=trust.AOL,
        domains=("aol.com",),
        page="https://login.aol.com/account/security",
        note=_APP_PASSWORD,
    ),
    "fastmail": Provider(
        title="Fastmail",
        host="imap.fastmail.com",
        source=f"{_ISPDB}/messagingengine.com.xml",
        checked=_IN_NOVEMBER,
        trust=trust.FASTMAIL,
        domains=("fastmail.com", "fastmail.fm"),
        exchanges=("messagingengine.com",),
        page="https://app.fastmail.com/settings/security",
        note=_APP_PASSWORD,
    ),
    "zoho": Provider(
        title="Zoho Mail",
        host="imap.zoho.com",
        source="https://www.zoho.com/mail/help/imap-access.html",
        checked=_IN_JULY,
        trust=trust.ZOHO,
        domains=("zoho.com", "zohomail.com"),
        exchanges=("zoho.com",),
        page="https://accounts.zoho.com/home#security/app_password",
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "zoho_jp": Provider(
        title="Zoho Mail (JP)",
        host="imap.zoho.jp",
        source="https://www.zoho.com/jp/mail/help/imap-access.html",
        checked=_IN_NOVEMBER,
        trust=trust.ZOHO,
        domains=("zohomail.jp",),
        exchanges=("zoho.jp",),
        page="https://accounts.zoho.jp/home#security/app_password",
        note=_IMAP_AND_APP_PASSWORD,
    ),
    "gmx": Provider(
        title="GMX",
        host="imap.gmx.net",
        source=f"{_ISPDB}/gmx.net.xml",
        checked=_LATELY,
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
        source="https://www.nttdocomo.co.jp/service/docomo_mail/security/",
        checked=_IN_NOVEMBER,
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
        checked=_IN_NOVEMBER,
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
        source=f"{_ISPDB}/i.softbank.jp.xml",
        checked=_IN_NOVEMBER,
        tls_quirk=TlsQuirk.STATIC_RSA,
        domains=("i.softbank.jp",),
        page="https://my.softbank.jp/",
        note=Text(
            en="Take the password from My SoftBank. If the address is refused as user, "
            "take what stands before the @. @softbank.ne.jp has no IMAP.",
            ja="My SoftBank のパスワードです。ユーザー名にアドレスを使えないときは @ の"
            "前だけを書きます。@softbank.ne.jp は IMAP 非対応です。",
        ),
    ),
    "nifty": Provider(
        title="@niftyメール",
        host="imap.nifty.com",
        checked=_IN_NOVEMBER,
        trust=trust.NIFTY,
        domains=("nifty.com",),
        note=Text(
            en="IMAP is an option that may have to be ordered first, for a fee. Use "
            "the mailbox's password.",
            ja="IMAP は先に申し込みが必要な有料オプションのことがあります。メールの"
            "パスワードを使います。",
        ),
    ),
    "biglobe": Provider(
        title="BIGLOBEメール",
        host="mail.biglobe.ne.jp",
        source="https://support.biglobe.ne.jp/settei/mailer/imap.html",
        checked=_IN_JULY,
        domains=("biglobe.ne.jp",),
        note=Text(
            en="The user is the whole address, with the BIGLOBE password.",
            ja="ユーザー名はメールアドレス全体、BIGLOBEパスワードを使います。",
        ),
    ),
    "ocn": Provider(
        title="OCNメール",
        host="imap.ocn.ne.jp",
        source="https://support.ntt.com/ocn-business/support/detail/pid21000001uk9/",
        checked=_IN_JULY,
        domains=("ocn.ne.jp",),
        note=Text(
            en="The user is the whole address, with the mailbox's password.",
            ja="ユーザー名はメールアドレス全体、メールパスワードを使います。",
        ),
    ),
    "so_net": Provider(
        title="So-net",
        host="imap.so-net.ne.jp",
        source="https://support.so-net.ne.jp/fa/faq/web/knowledge1804.html",
        checked=_IN_JULY,
        domains=("so-net.ne.jp",),
        note=Text(
            en="The IMAP service has to be applied for first; NURO takes no new "
            "applications.",
            ja="先に IMAP サービスの申し込みが必要です(NURO では新規の受付を"
            "終了しています)。",
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


HINTS = {
    **dict.fromkeys(("sakura.ne.jp", "xserver.jp", "xsrv.jp"), _OWN_SERVER),
    **dict.fromkeys(("rakumail.jp", "uqmobile.jp"), _NOT_KNOWN),
}
"""Mail domains, those below them included, whose server only the user can name.

Of Rakuten and UQ mobile no public page was found that names one (November 2026).
"""


def tls_quirk_of(provider: str | None, host: str | None) -> TlsQuirk:
    """Return what an account's server is allowed of old TLS: the preset's alone.

    `host` is what the configuration names, None where the preset's counts.
    """
    preset = PRESETS[provider or "other"]
    return preset.tls_quirk if host in {None, preset.host} else TlsQuirk.NOTHING


def of_address(address: str) -> str | None:
    """Return the key of a mail address' preset, None where its domain is not known."""
    domain = address.rpartition("@")[2].lower()
    keys = (key for key, one in PRESETS.items() if domain in one.domains)
    return next(keys, None)


def hint_of(domain: str) -> Text | None:
    """Return what to say before the server of a mail domain is asked for."""
    labels = domain.lower().split(".")
    parents = (".".join(labels[at:]) for at in range(len(labels)))
    return next((HINTS[one] for one in parents if one in HINTS), None)


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
