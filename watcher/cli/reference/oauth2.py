"""The page on OAuth2: each way to an access token, with what to write."""

from collections.abc import Iterator

from watcher.cli.layout import Section
from watcher.i18n import Language, Text

OUTLOOK = """\
[[accounts]]
name = "outlook"
provider = "outlook"
user = "me@outlook.jp"
auth = "oauth2"
client_id = "00000000-0000-0000-0000-000000000000\""""

HELPERS = (
    'token_command = ["pizauth", "show", "outlook"]',
    'token_command = ["oama", "access", "me@outlook.jp"]',
    'token_command = ["mutt_oauth2.py", "/home/me/outlook.tokens"]',
)

PROXY = """\
[[accounts]]
name = "outlook"
host = "127.0.0.1"
port = 1993
tls = "none"
user = "me@outlook.jp"
keyring = true"""


def page(language: Language) -> Iterator[Section]:
    """Yield each way, and why there is none for Google."""
    yield Section(paragraphs=[_WHAT.say(language)])
    said = [_OWN.say(language), OUTLOOK]
    points = [text.say(language) for text in _RULES]
    yield Section(title=_LOGIN.say(language), paragraphs=said)
    yield Section(points=points)
    said = [_COMMAND.say(language), "\n".join(HELPERS)]
    yield Section(title=_HELPER.say(language), paragraphs=said)
    said = [_BEHIND.say(language), PROXY]
    yield Section(title=_PROXY.say(language), paragraphs=said)
    yield Section(title="Gmail", paragraphs=[_GOOGLE.say(language)])


_WHAT = Text(
    en="Outlook.com, Hotmail and Live take no password, but an access token (OAuth2). "
    "There are three ways to one.",
    ja="Outlook.com、Hotmail、Live にはパスワードではなく、アクセストークン(OAuth2)で"
    "ログインします。トークンを得る方法は三つあります。",
)
_LOGIN = Text(en="watcher oauth login", ja="watcher oauth login")
_OWN = Text(
    en="watcher gets the token itself: install it with its extra, like pip install "
    "'.[oauth]', write this, and run `watcher oauth login outlook`. The id is that of "
    "an application that you register in an Azure tenant (Microsoft Entra), for "
    "personal accounts, with public client flows allowed and no secret.",
    ja="watcher が自分でトークンを受け取ります。pip install '.[oauth]' のように oauth "
    "付きでインストールし、次のように書いて `watcher oauth login outlook` を"
    "実行します。ID は、Azure のテナント(Microsoft Entra)に自分で登録した"
    "アプリケーションのものです。個人のアカウントと「パブリック クライアント フロー」を"
    "許可し、シークレットは作りません。",
)
_RULES = (
    Text(
        en="You enter a code on a page of Microsoft's, on any device. watcher never "
        "sees your password; it uses the permission for IMAP to read mail alone.",
        ja="Microsoft のページでコードを入力します(どの機器でもかまいません)。"
        "watcher はパスワードを見ません。IMAP の許可は、"
        "メールを読むためだけに使います。",
    ),
    Text(
        en="The tokens are kept encrypted by Windows, by the keychain of macOS, or by "
        "libsecret on Linux if PyGObject is installed; else in a file that only you "
        "can read. The login says which.",
        ja="トークンは、Windows の機能、macOS のキーチェーン、Linux では libsecret"
        "(PyGObject があれば)で暗号化します。どれも使えなければ、あなただけが読める"
        "ファイルに保存します。どちらになったかはログインのときに示します。",
    ),
    Text(
        en="A token is renewed by itself, 5 minutes before its end. When Microsoft no "
        "longer does so, you are told once, and log in again.",
        ja="トークンは、期限の 5 分前にひとりでに更新します。Microsoft が更新を"
        "受け付けなくなったら一度知らせるので、もう一度ログインしてください。",
    ),
    Text(
        en="`watcher oauth logout outlook` forgets it on this computer.",
        ja="`watcher oauth logout outlook` で、このパソコンから消せます。",
    ),
)
_HELPER = Text(en="Another program's token", ja="ほかのプログラムのトークン")
_COMMAND = Text(
    en="If a program logs in for you already, let it print the token: one of these "
    "lines in place of `client_id`.",
    ja="すでにログインしてあるプログラムがあれば、それにトークンを出力させます。"
    "`client_id` のかわりに、次のどれかを書きます。",
)
_PROXY = Text(en="email-oauth2-proxy", ja="email-oauth2-proxy")
_BEHIND = Text(
    en="That proxy takes a password of your choice on this computer, and logs in by "
    "OAuth2 itself. It is a server like any other one; the port is that of its own "
    "configuration.",
    ja="このプロキシは、このパソコンの中では自分で決めたパスワードを受け取り、外へは "
    "OAuth2 でログインします。ふつうのサーバーとして書きます。ポートはプロキシの設定に"
    "合わせます。",
)
_GOOGLE = Text(
    en="Nothing is built in for Gmail: app passwords work there, while Google gives "
    "the permission to read mail by IMAP only to programs that it has examined. "
    "`token_command` works with it, too.",
    ja="Gmail のための仕組みはありません。アプリパスワードが使えるうえ、Google は "
    "IMAP でメールを読む許可を、審査したプログラムにしか出さない"
    "からです。`token_command` は Gmail でも使えます。",
)
