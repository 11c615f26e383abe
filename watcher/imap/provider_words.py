"""What well-known providers answer when they refuse, and what to do then.

Pure data: one row for each answer, with the public report that shows it. `refusal` has
the rules for all others. A row only chooses a sentence, and whether another try may
help; a server that merely uses such words gets no more than a wrong hint out of it. No
row repeats the server's words, and the addresses in the sentences are ours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from watcher.i18n import Text
from watcher.imap.refusal import Refusal

LOOKED_AT = 1000
"""Characters of an answer in which a row's words are looked for."""

LONGEST_WAIT_S = 300.0
"""The longest that is waited because a server names a time: a window's length."""

_TOO_MANY = Text(
    en="{host} has too many connections of this account open: close other mail "
    "programs. It is tried again by itself.",
    ja="{host} への同じアカウントの接続が多すぎます。ほかのメールソフトを閉じて"
    "ください。自動で試し直します。",
)
_TOO_MUCH = Text(
    en="{host} has blocked the account for a while because programs fetched too much "
    "mail: stop other programs that copy it. It is tried again by itself.",
    ja="{host} が、受信量が多すぎるためアカウントを一時的に止めています。メールを大量に"
    "取り込むほかのソフトを止めてください。自動で試し直します。",
)
_TOO_OFTEN = Text(
    en="{host} takes no more requests of this account for now: close other mail "
    "programs. It is tried again by itself.",
    ja="{host} が、このアカウントの要求が多すぎるとして断っています。"
    "ほかのメールソフトを閉じてください。自動で試し直します。",
)
_OUT_OF_ORDER = Text(
    en="{host} is out of order for now, which says nothing of the password. It is "
    "tried again by itself.",
    ja="{host} が一時的に使えません(パスワードの問題ではありません)。自動で試し直し"
    "ます。",
)
_INTERNAL_ERROR = Text(
    en="{host} reports an internal error and is tried again by itself. If that lasts, "
    "check user and password: au answers so to a bad login.",
    ja="{host} が内部エラーを返しました。自動で試し直します。続くときは user と"
    "パスワードを確かめてください(au はログインの誤りにもこう答えます)。",
)
_WEB_LOGIN = Text(
    en="{host} wants {user} to log in with a browser first: open mail.google.com, "
    "confirm that it was you, and give watcher an app password "
    "(myaccount.google.com/apppasswords).",
    ja="{host} が、先にブラウザーで {user} のログインを求めています。mail.google.com を"
    "開いて本人の操作だと確認し、watcher にはアプリパスワード"
    "(myaccount.google.com/apppasswords)を設定してください。",
)
_APP_PASSWORD = Text(
    en="{host} takes an app password of {user}, not the usual one: make one at "
    "myaccount.google.com/apppasswords",
    ja="{host} では、{user} のふだんのパスワードは使えません。アプリパスワードを"
    "作って使ってください: myaccount.google.com/apppasswords",
)
_IMAP_OFF = Text(
    en="IMAP is switched off for {user} at {host}: switch it on in Gmail's settings "
    "(a company's administrator can forbid it).",
    ja="{host} で {user} の IMAP が無効です。Gmail の設定で IMAP を有効にして"
    "ください(会社などの管理者が禁止していることもあります)。",
)
_NOT_GMAILS = Text(
    en="{host} refuses the login of {user}: Gmail takes an app password only "
    "(myaccount.google.com/apppasswords). Check it, and user.",
    ja="{host} で {user} のログインが拒否されました。Gmail で使えるのはアプリパスワード"
    "だけです(myaccount.google.com/apppasswords)。user とあわせて確かめてください。",
)
_NOT_YAHOOS = Text(
    en="{host} refuses the login of {user}: Yahoo and AOL take an app password only, "
    "from the account's security settings. Check it, and user.",
    ja="{host} で {user} のログインが拒否されました。Yahoo.com と AOL で使えるのは、"
    "アカウントのセキュリティ設定で作るアプリパスワードだけです。user とあわせて"
    "確かめてください。",
)
_NOT_YAHOO_JAPANS = Text(
    en="{host} refuses the login of {user}: check user and password, and whether IMAP "
    "is still on in Yahoo! Mail's settings.",
    ja="{host} で {user} のログインが拒否されました。user とパスワード、それに "
    "Yahoo!メールの設定で IMAP が有効なままかを確かめてください。",
)
OAUTH2_ONLY = Text(
    en='{host} takes no password any more, but OAuth2: write auth = "oauth2" for '
    "{account}, then run: watcher oauth login {typed}",
    ja="{host} ではパスワードが使えず、OAuth2 でログインします。{account} に "
    'auth = "oauth2" を書いてから、次を実行してください: watcher oauth login {typed}',
)
_NOT_CONNECTED = Text(
    en="{host} took the login but opens no mailbox; it is tried again by itself. If "
    "that lasts, allow IMAP in the mailbox's settings, and look whether user is the "
    "account that logged in.",
    ja="{host} にログインできましたが、メールボックスが開けません。自動で試し直します。"
    "続くときは、メールの設定で IMAP を許可し、user がログインしたアカウントと同じかを"
    "確かめてください。",
)
_THROTTLED = Text(
    en="{host} wants no request for {seconds} seconds: close other mail programs. It "
    "is tried again by itself.",
    ja="{host} が {seconds} 秒待つように求めています。ほかのメールソフトを閉じて"
    "ください。自動で試し直します。",
)
_UNSAFE_LOGIN = Text(
    en="{host} opens no mailbox to a program it does not know: allow IMAP programs in "
    "the web mail's settings, and use the authorisation code made there as password.",
    ja="{host} が、知らないプログラムだとしてメールボックスを開きません。Web メールの"
    "設定で IMAP を許可し、そこで作った認証コードをパスワードにしてください。",
)


@dataclass(frozen=True, slots=True)
class Known:
    """An answer of a provider that is known."""

    words: str
    """A regular expression; upper and lower case are the same. The group `ms` is the
    wait that the server names, in milliseconds."""
    refusal: Refusal
    text: Text
    """What is said: of `host`, `user` and `account` after a login, of `host` alone
    where another try may help, and with `seconds` where there is a wait."""
    source: str
    """A public report in which the server answers so."""

    def search(self, answer: str) -> re.Match[str] | None:
        """Find the words in an answer."""
        return re.search(self.words, answer[:LOOKED_AT], re.IGNORECASE)


_GITHUB = "https://github.com"

KNOWN = (
    # Gmail
    Known(
        r"Please log in via your web browser: https?://support\.google\.com/",
        Refusal.NEEDS_USER,
        _WEB_LOGIN,
        f"{_GITHUB}/mailcow/mailcow-dockerized/issues/4277",
    ),
    Known(
        r"\[WEBALERT [^\]]*\] Web login required",
        Refusal.NEEDS_USER,
        _WEB_LOGIN,
        f"{_GITHUB}/pmengal/MailSystem.NET/issues/17",
    ),
    Known(
        r"Application-specific password required",
        Refusal.NEEDS_USER,
        _APP_PASSWORD,
        f"{_GITHUB}/LukeSmithxyz/mutt-wizard/issues/831",
    ),
    Known(
        r"Your account is not enabled for IMAP use"
        r"|IMAP access is disabled for your domain",
        Refusal.NEEDS_USER,
        _IMAP_OFF,
        f"{_GITHUB}/mozilla-b2g/gaia-email-libs-and-more"
        "/blob/b6d9a4aa403ebf6474502f7010645c24c94ed0a7"
        "/data/lib/mailapi/imap/probe.js",
    ),
    Known(
        r"\[AUTHENTICATIONFAILED\] Invalid credentials \(Failure\)",
        Refusal.WRONG_PASSWORD,
        _NOT_GMAILS,
        f"{_GITHUB}/eikek/docspell/issues/520",
    ),
    Known(
        r"Too many simultaneous connections",
        Refusal.LATER,
        _TOO_MANY,
        f"{_GITHUB}/jstedfast/MailKit/issues/377",
    ),
    Known(
        r"Account exceeded command or bandwidth limits",
        Refusal.LATER,
        _TOO_MUCH,
        f"{_GITHUB}/ljmerza/ha-email-sensor/issues/16",
    ),
    # Yahoo.com and AOL
    Known(
        r"\[AUTHENTICATIONFAILED\] (?:LOGIN|AUTHENTICATE) Invalid credentials\s*$",
        Refusal.WRONG_PASSWORD,
        _NOT_YAHOOS,
        f"{_GITHUB}/OfflineIMAP/offlineimap/issues/688",
    ),
    Known(
        r"\[LIMIT\] [A-Z ]{1,40}Rate limit hit",
        Refusal.LATER,
        _TOO_OFTEN,
        f"{_GITHUB}/postalsys/imapflow/issues/75",
    ),
    Known(
        r"\[SERVERBUG\] [A-Z ]{1,40}Server error",
        Refusal.LATER,
        _OUT_OF_ORDER,
        f"{_GITHUB}/smiley22/S22.Imap/issues/98",
    ),
    Known(
        r"\[UNAVAILABLE\] [A-Z ]{1,40}Service is temporarily not available",
        Refusal.LATER,
        _OUT_OF_ORDER,
        f"{_GITHUB}/LukeSmithxyz/mutt-wizard/issues/764",
    ),
    # Yahoo! JAPAN, au
    Known(
        r"\(#AUTH011\)",
        Refusal.WRONG_PASSWORD,
        _NOT_YAHOO_JAPANS,
        f"{_GITHUB}/kazu-yamamoto/Mew/issues/220",
    ),
    Known(
        r"^\s*Internal server error\s*$",
        Refusal.LATER,
        _INTERNAL_ERROR,
        f"{_GITHUB}/kazu-yamamoto/Mew/issues/220",
    ),
    # iCloud
    Known(
        r"\[UNAVAILABLE\] Service temporarily unavailable",
        Refusal.LATER,
        _OUT_OF_ORDER,
        f"{_GITHUB}/MailCore/mailcore2/pull/1642",
    ),
    # Outlook.com and Exchange
    Known(
        r"Basic authentication is disabled",
        Refusal.WANTS_OAUTH2,
        OAUTH2_ONLY,
        f"{_GITHUB}/holon-run/uxc/issues/445",
    ),
    Known(
        r"User is authenticated but not connected",
        Refusal.LATER,
        _NOT_CONNECTED,
        f"{_GITHUB}/jstedfast/MailKit/issues/1494",
    ),
    Known(
        r"Request is throttled\. Suggested Backoff Time: (?P<ms>\d+) milliseconds",
        Refusal.LATER,
        _THROTTLED,
        f"{_GITHUB}/simonrob/email-oauth2-proxy/issues/191",
    ),
    # Dovecot, as many providers run it
    Known(
        r"Maximum number of connections from user\+IP exceeded",
        Refusal.LATER,
        _TOO_MANY,
        f"{_GITHUB}/mscdex/node-imap/issues/606",
    ),
    # NetEase, to EXAMINE from a client that does not name itself (RFC 2971)
    Known(
        r"Unsafe Login\. Please contact kefu@188\.com",
        Refusal.NEEDS_USER,
        _UNSAFE_LOGIN,
        f"{_GITHUB}/rustmailer/bichon/issues/25",
    ),
)


def find(answers: Iterable[str]) -> Known | None:
    """Return the row of the first answer that is known."""
    rows = (row for answer in answers for row in KNOWN if row.search(answer))
    return next(rows, None)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a server wants to be left alone, and what is said of it."""

    seconds: float
    """At most `LONGEST_WAIT_S`."""
    text: Text


def named_wait(answer: str) -> Wait | None:
    """Return the wait that an answer names; None where it names none."""
    for row in KNOWN:
        found = row.search(answer) if "(?P<ms>" in row.words else None
        if found:
            # more digits than these are over the bound in any case
            return Wait(min(int(found["ms"][:9]) / 1000, LONGEST_WAIT_S), row.text)
    return None
