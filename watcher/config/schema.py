"""What can be configured: one frozen class a table, one field a key (contract §2).

A field holds its default and the parser of its value, so that the loader, the example
file and its test all read the keys from here.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from watcher.config.providers import PRESETS, nearest
from watcher.config.push_url import parse_push_url
from watcher.config.values import (
    Parser,
    at_least,
    list_of,
    one_of,
    parse_address,
    parse_boolean,
    parse_command,
    parse_domain,
    parse_name,
    parse_nameserver,
    parse_path,
    parse_port,
    parse_positive,
    parse_store,
    parse_text,
    some_of,
    word_of,
)
from watcher.events import EventName
from watcher.i18n import Text
from watcher.imap.choices import Auth, Tls, WatchMode
from watcher.name_server import NameServer
from watcher.notify.choice import ChannelChoice


def _key(
    parse: Parser[object], default: Any = None, *, about: Text, secret: bool = False
) -> Any:
    """Declare a key and what it means; `secret` keeps it out of every repr."""
    metadata = {"parse": parse, "about": about}
    return field(default=default, repr=not secret, metadata=metadata)


class LanguageChoice(StrEnum):
    """The user's language; AUTO is the desktop's."""

    AUTO = "auto"
    JA = "ja"
    EN = "en"


CHANNELS = {
    "freedesktop": Text(en="desktop", ja="デスクトップ"),
    "osascript": Text(en="desktop", ja="デスクトップ"),
    "toast": Text(en="desktop", ja="デスクトップ"),
    "plyer": Text(en="desktop (plyer)", ja="デスクトップ(plyer)"),
    "terminal": Text(en="terminal", ja="ターミナル"),
    "push": Text(en="phone", ja="スマートフォン"),
}
"""Where a notification is shown, by the name of the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`[watch]`: which mail is watched for, and how often."""

    window: timedelta = _key(
        at_least("30s"),
        timedelta(minutes=5),
        about=Text(
            en="How long a link or code lives, counted from the mail's own time; "
            "at least 30s.",
            ja="リンクやコードの有効時間(メール自身の時刻から数えます)。30s 以上。",
        ),
    )
    mode: WatchMode = _key(
        one_of(WatchMode),
        WatchMode.AUTO,
        about=Text(
            en='"auto": push where the server offers IDLE, else poll. "idle" and '
            '"poll" choose one of the two.',
            ja='"auto" はサーバーに IDLE があればプッシュ、なければ定期確認。'
            '"idle" と "poll" はその一方だけ。',
        ),
    )
    # Servers lock out clients that ask more often than every few seconds.
    poll_interval: timedelta = _key(
        at_least("1s"),
        timedelta(seconds=15),
        about=Text(
            en="Time between looks where there is no push.",
            ja="プッシュがないときの確認の間隔。",
        ),
    )
    look_back: timedelta = _key(
        parse_positive,
        timedelta(hours=24),
        about=Text(
            en="How far to look back at start for attempts that came while nobody "
            "watched.",
            ja="起動時に、見ていなかった間の試行をどこまでさかのぼって調べるか。",
        ),
    )
    stores: tuple[str, ...] = _key(
        list_of(parse_store),
        (),
        about=Text(
            en='The Amazon stores to watch, like ["amazon.co.jp", "amazon.com"]. '
            "Empty: every store.",
            ja='見張る Amazon のストア(例: ["amazon.co.jp", "amazon.com"])。空なら'
            "すべて。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """`[notify]`: what is notified, and how."""

    enabled: bool = _key(
        parse_boolean,
        True,
        about=Text(
            en="Whether to show notifications at all; the event log is always written.",
            ja="通知を出すかどうか。記録は常に残ります。",
        ),
    )
    language: LanguageChoice = _key(
        one_of(LanguageChoice),
        LanguageChoice.AUTO,
        about=Text(
            en='"auto" (the desktop\'s language), "ja" or "en".',
            ja='"auto"(デスクトップの言語)、"ja"、"en"。',
        ),
    )
    remind_at: tuple[timedelta, ...] = _key(
        list_of(parse_positive),
        (timedelta(minutes=2), timedelta(minutes=1)),
        about=Text(
            en="Time left at which to remind.",
            ja="残り時間がこれになったら、もう一度知らせます。",
        ),
    )
    unverified: bool = _key(
        parse_boolean,
        True,
        about=Text(
            en="Also tell, without link, of a mail whose sender could not be checked.",
            ja="差出人を確かめられなかったメールも(リンクなしで)知らせるかどうか。",
        ),
    )
    channel: ChannelChoice = _key(
        one_of(ChannelChoice),
        ChannelChoice.AUTO,
        about=Text(
            en='Where to show notifications: "freedesktop" (Linux), "toast" (Windows), '
            '"plyer", "terminal", or "auto", which tries one after the other.',
            ja='通知を出す場所。"freedesktop"(Linux)、"toast"(Windows)、"plyer"、'
            '"terminal"、または順に試す "auto"。',
        ),
    )


class PushWhen(StrEnum):
    """When the phone is told: of every attempt, or only of those that are expected."""

    ALWAYS = "always"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """`[push]` and `[accounts.push]`: where the phone is told; no URL means nowhere."""

    url: str | None = _key(
        parse_push_url,
        secret=True,
        about=Text(
            en="The ntfy topic to which your phone listens; http:// on this machine "
            "only. Who knows it can read along: choose a long random name. Or any "
            "apprise URL (extra `push`).",
            ja="スマートフォンの ntfy アプリで購読するトピック。http:// は"
            "このパソコンの中だけ。知っている人は読めるので、長くでたらめな名前にします。"
            "または apprise の URL(追加の `push` が必要)。",
        ),
    )
    ca_file: Path | None = _key(
        parse_path,
        about=Text(
            en="An additional certificate to trust, for an ntfy server of your own.",
            ja="自分の ntfy サーバーのために、追加で信頼する証明書。",
        ),
    )
    token_command: tuple[str, ...] | None = _key(
        parse_command,
        secret=True,
        about=Text(
            en="A command whose first line of output is the access token of the ntfy "
            "server.",
            ja="ntfy サーバーのアクセストークンを 1 行目に出力するコマンド。",
        ),
    )
    link: bool = _key(
        parse_boolean,
        False,
        about=Text(
            en="Whether the message holds the approval link of recognised mails (and "
            "only that; never a code).",
            ja="本物と認めたメールの承認リンクも送るかどうか(コードは決して送りません)。",
        ),
    )
    when: PushWhen = _key(
        one_of(PushWhen),
        PushWhen.ALWAYS,
        about=Text(
            en='"always", or "expected": only after `watcher expect`.',
            ja='"always"(いつも)か "expected"(`watcher expect` のあとだけ)。',
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """`[hook]`: a command that gets each event; no command means none does."""

    command: tuple[str, ...] | None = _key(
        parse_command,
        secret=True,
        about=Text(
            en="A command that `watcher run` starts for each event, with one line of "
            "JSON on its standard input (`watcher help hook`); no shell is involved.",
            ja="`watcher run` が出来事のたびに起動するコマンド。標準入力に 1 行の JSON "
            "を渡します(`watcher help hook`)。シェルは通しません。",
        ),
    )
    events: tuple[EventName, ...] = _key(
        list_of(one_of(EventName)),
        (),
        about=Text(
            en="Which events it gets, by the names of `watcher help events`. Empty: "
            "every one.",
            ja="渡す出来事(`watcher help events` の名前)。空ならすべて。",
        ),
    )
    secrets: bool = _key(
        parse_boolean,
        False,
        about=Text(
            en="Whether it gets live links and codes, which are masked otherwise.",
            ja="有効なリンクとコードも渡すかどうか。渡さないときは隠します。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`[log]`: where the event log lies; None is the platform's user state folder."""

    path: Path | None = _key(
        parse_path,
        about=Text(
            en="Where the event log lies. Default: your state folder (see `watcher "
            "help files`).",
            ja="記録ファイルの置き場所。既定の場所は `watcher help files` で表示で"
            "きます。",
        ),
    )
    keep: timedelta = _key(
        at_least("1d"),
        timedelta(days=365),
        about=Text(
            en="How long events are kept; at least 1d.",
            ja="記録を残す期間。1d 以上。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """`[dkim]`: who is asked for keys; no name server means the system's resolvers."""

    nameservers: tuple[NameServer, ...] = _key(
        list_of(parse_nameserver),
        (),
        about=Text(
            en='Name servers to ask for DKIM keys, like ["127.0.0.1:5353"], or over '
            'TLS, so that nobody on the way can forge the answer: ["tls://1.1.1.1"], '
            '["tls://9.9.9.9#dns.quad9.net"]. Empty: the system\'s.',
            ja='DKIM の鍵を尋ねるネームサーバー(例: ["127.0.0.1:5353"])。途中で答えを'
            '偽造されないよう TLS で尋ねるなら ["tls://1.1.1.1"] や '
            '["tls://9.9.9.9#dns.quad9.net"]。空ならシステムの設定。',
        ),
    )
    timeout: timedelta = _key(
        parse_positive,
        timedelta(seconds=3),
        about=Text(
            en="How long to wait for an answer.",
            ja="応答を待つ時間。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`[[accounts]]`: one mailbox account, as the file has it."""

    name: str = _key(
        parse_name,
        "",
        about=Text(
            en="A name of your choice.",
            ja="好きな名前。",
        ),
    )
    provider: str | None = _key(
        word_of(PRESETS, nearest),
        about=Text(
            en="Fills in host, port, tls and authserv_id; the names stand in "
            "`watcher help providers`.",
            ja="host, port, tls, authserv_id を埋めます。名前の一覧は `watcher "
            "help providers` で表示できます。",
        ),
    )
    user: str = _key(
        parse_name,
        "",
        about=Text(
            en="The login name.",
            ja="ログイン名。",
        ),
    )
    password_command: tuple[str, ...] | None = _key(
        parse_command,
        secret=True,
        about=Text(
            en="A command whose first line of output is the password; no shell is "
            "involved. Write exactly one of the four keys for the password.",
            ja="パスワードを 1 行目に出力するコマンド。シェルは通しません。パスワ"
            "ードのキーは、四つのうち一つだけ書きます。",
        ),
    )
    password_env: str | None = _key(
        parse_name,
        about=Text(
            en="The environment variable that holds the password.",
            ja="パスワードの入った環境変数の名前。",
        ),
    )
    password_file: Path | None = _key(
        parse_path,
        about=Text(
            en="The file whose first line is the password; only you may read it "
            "(0600).",
            ja="パスワードを 1 行目に書いたファイル。あなただけが読めるようにしま"
            "す(0600)。",
        ),
    )
    keyring: bool = _key(
        parse_boolean,
        False,
        about=Text(
            en="Take the password from the desktop's keyring.",
            ja="パスワードをデスクトップのキーリングから取り出します。",
        ),
    )
    auth: Auth = _key(
        one_of(Auth),
        Auth.PASSWORD,
        about=Text(
            en='"password", or "oauth2" with an access token in place of the '
            "password's key.",
            ja='"password"、またはパスワードのかわりにアクセストークンを使う '
            '"oauth2"。',
        ),
    )
    token_command: tuple[str, ...] | None = _key(
        parse_command,
        secret=True,
        about=Text(
            en="A command whose first line of output is the access token, where auth "
            'is "oauth2". Without it: `watcher oauth login`.',
            ja='auth が "oauth2" のとき、アクセストークンを 1 行目に出力するコマンド。'
            "なければ `watcher oauth login` で取得します。",
        ),
    )
    client_id: str | None = _key(
        parse_name,
        about=Text(
            en="The id of an application of your own, for `watcher oauth login`.",
            ja="自分で登録したアプリケーションの ID(`watcher oauth login` 用)。",
        ),
    )
    host: str | None = _key(
        parse_name,
        about=Text(
            en="The server; it comes before the provider's.",
            ja="サーバー。provider のものより優先されます。",
        ),
    )
    port: int | None = _key(
        parse_port,
        about=Text(
            en='The port. Default: the provider\'s, else 993, with "starttls" 143.',
            ja='ポート。既定は provider のもの、なければ 993("starttls" なら 143)。',
        ),
    )
    tls: Tls | None = _key(
        one_of(Tls),
        about=Text(
            en='"implicit", "starttls", or "none" (servers on this machine only).',
            ja='"implicit"、"starttls"、"none"(このパソコンの中のサーバーだけ)。',
        ),
    )
    ca_file: Path | None = _key(
        parse_path,
        about=Text(
            en="An additional certificate to trust; certificates are always verified.",
            ja="追加で信頼する証明書。証明書は必ず検証します。",
        ),
    )
    mailboxes: tuple[str, ...] = _key(
        some_of(parse_text),
        ("INBOX", "\\Junk"),
        about=Text(
            en="Mailboxes to watch: names, or special-use attributes (RFC 6154).",
            ja="見張るメールボックス。名前か、特別な属性(RFC 6154)。",
        ),
    )
    addresses: tuple[str, ...] = _key(
        list_of(parse_address),
        (),
        about=Text(
            en="The addresses Amazon writes to. Default: user, if it is an address.",
            ja="Amazon に登録したメールアドレス。既定は user(アドレスの形なら)。",
        ),
    )
    relays: tuple[str, ...] = _key(
        list_of(parse_domain),
        (),
        about=Text(
            en="Relays that send mails on to you in a name of their own, like "
            '["simplelogin.co"]. Nothing proves such mails: they are told '
            "without link.",
            ja='メールを別の差出人名で転送するサービス(例: ["simplelogin.co"])。本'
            "物と証明できないので、リンクなしで知らせます。",
        ),
    )
    authserv_id: str = _key(
        lambda value: "" if value == "" else parse_name(value),
        "",
        about=Text(
            en="Whose Authentication-Results to believe (RFC 8601). Default: the "
            "provider's.",
            ja="どのサーバーの Authentication-Results を信じるか。既定は provider "
            "のもの。",
        ),
    )
    push: Push = field(
        default=Push(),
        metadata={
            "table": Push,
            "about": Text(
                en="A phone for this account alone, in place of [push]; the keys are "
                "the same.",
                ja="[push] のかわりに、このアカウントだけを知らせるスマートフォン。"
                "キーは [push] と同じ。",
            ),
        },
    )


TABLES: dict[str, type] = {
    "watch": Watch,
    "notify": Notify,
    "push": Push,
    "hook": Hook,
    "log": Log,
    "dkim": Dkim,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    watch: Watch = Watch()
    notify: Notify = Notify()
    push: Push = Push()
    hook: Hook = Hook()
    log: Log = Log()
    dkim: Dkim = Dkim()
    accounts: tuple[Account, ...] = ()


def secret_variables(config: Config | None) -> frozenset[str]:
    """Return the environment variables that hold passwords."""
    accounts = config.accounts if config else ()
    return frozenset(one.password_env for one in accounts if one.password_env)
