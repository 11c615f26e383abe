"""Sets a phone up: makes a topic that nobody can guess, and proves the way there.

The topic is shown as a QR code and in letters, for it is typed into the ntfy app. It
is written to the configuration alone.
"""

import io
import secrets
import sys
from collections.abc import Collection

from watcher.config.push import pusher_of
from watcher.config.push_url import parse_push_url, push_topic
from watcher.config.schema import Push
from watcher.config.values import Bad
from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.push import trial
from watcher.notify.topic import NTFY_SH
from watcher.setup.dialog import Dialog

LETTERS = "abcdefghijkmnopqrstuvwxyz23456789"
"""Letters and digits that no reader takes for one another."""
TOPIC_LETTERS = 20
"""About 100 bits, as long as can be typed."""

_WHITE_ON_BLACK = "\x1b[97;40m{}\x1b[0m"
"""The code is drawn in light blocks: so it is right on every background."""


def new_topic() -> str:
    """Return a topic that nobody can guess."""
    letters = (secrets.choice(LETTERS) for _ in range(TOPIC_LETTERS))
    return f"watcher-{''.join(letters)}"


def parse_server(written: str) -> str:
    """Return the address of an ntfy server, without a topic."""
    server = written.rstrip("/")
    if push_topic(f"{server}/topic") is None:
        raise Bad(_SERVER_FORM)
    parse_push_url(f"{server}/topic")
    return server


def set_up(
    dialog: Dialog, server: str | None, hidden: Collection[str] = ()
) -> Push | None:
    """Return where the user's phone is told from now on; None: they want none.

    Without a `server` both are asked for.
    """
    if server is None:
        if not dialog.confirm(_WANTED, option="--push", default=False):
            return None
        server = dialog.ask(_SERVER, parse_server, option="--push", default=NTFY_SH)
    topic = new_topic()
    push = Push(url=f"{server}/{topic}")
    dialog.say(_INSTALL)
    _draw(f"{server}/{topic}")
    dialog.say(_SUBSCRIBE if server == NTFY_SH else _SUBSCRIBE_AT, server=server)
    dialog.say(_TOPIC, topic=topic)
    if not dialog.confirm(_READY, option="--push"):
        dialog.say(_LATER)
        return None
    return push if _arrives(push, dialog, hidden) else None


def _arrives(push: Push, dialog: Dialog, hidden: Collection[str]) -> bool:
    """Return whether a message comes to the phone, or is to be trusted to come."""
    pusher = pusher_of(push, hidden)
    while pusher is not None:
        try:
            pusher.send(trial(dialog.language))
        except NotificationFailed as error:
            dialog.note(error)
        else:
            if dialog.confirm(_ARRIVED, option="--push"):
                dialog.say(_DONE)
                return True
            dialog.say(_LOOK)
        if not (dialog.asks and dialog.confirm(_AGAIN, option="--push")):
            break
    dialog.say(_LATER)
    return False


def _draw(url: str) -> None:
    """Draw a QR code where somebody sees it."""
    import segno  # it takes long, and few ask for it

    if not (sys.stdout and sys.stdout.isatty()):
        return
    drawn = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    try:
        "".join(lines).encode(sys.stdout.encoding)
    except UnicodeError:
        return
    sys.stdout.writelines(f"{_WHITE_ON_BLACK.format(line)}\n" for line in lines)
    sys.stdout.flush()


_SERVER_FORM = Text(
    en="Write the server's address without a topic, like https://ntfy.sh",
    ja="サーバーのアドレスだけを https://ntfy.sh のように書きます",
)
_WANTED = Text(
    en="   Tell your phone of sign-in attempts, too (by the free app ntfy)?",
    ja="   サインイン試行を、スマートフォンにも知らせますか(無料のアプリ ntfy を"
    "使います)?",
)
_SERVER = Text(en="   The ntfy server", ja="   ntfy のサーバー")
_INSTALL = Text(
    en="   Install the app “ntfy” on the phone. Who knows the topic below can read "
    "what is told there: keep it to yourself.",
    ja="   スマートフォンにアプリ「ntfy」を入れます。下のトピックを知っている人は、"
    "お知らせを読めます。人に見せないでください。",
)
_SUBSCRIBE = Text(
    en="   Scan the code, or tap “+” in the app and type the topic; then subscribe.",
    ja="   コードを読み取るか、アプリの「+」を押してトピックを入力し、購読"
    "(Subscribe)します。",
)
_SUBSCRIBE_AT = Text(
    en="   Scan the code, or tap “+” in the app, choose another server ({server}) and "
    "type the topic; then subscribe.",
    ja="   コードを読み取るか、アプリの「+」を押して別のサーバー({server})を選び、"
    "トピックを入力し、購読(Subscribe)します。",
)
_TOPIC = Text(en="   {topic}", ja="   {topic}")
_READY = Text(
    en="   Subscribed? Then a test message is sent",
    ja="   購読できましたか? テストのメッセージを送ります",
)
_ARRIVED = Text(
    en="   It is sent. Did it arrive on the phone?",
    ja="   送りました。スマートフォンに届きましたか?",
)
_DONE = Text(
    en="   The phone is told without link and code; `watcher help config` tells of "
    "`link` and `when`.",
    ja="   リンクとコードは付けずに知らせます(`link` と `when` は `watcher help "
    "config` に説明があります)。",
)
_LOOK = Text(
    en="   See whether the topic in the app has the same letters, whether the phone is "
    "online, and whether the app may show notifications.",
    ja="   アプリのトピックの文字が同じか、スマートフォンがインターネットにつながって"
    "いるか、アプリの通知が許可されているかを確かめてください。",
)
_AGAIN = Text(en="   Send it once more?", ja="   もう一度送りますか?")
_LATER = Text(
    en="   The phone is left out. Later it can be set up by [push] in the "
    "configuration (`watcher help config`).",
    ja="   スマートフォンには知らせません。あとから設定の [push] で始められます"
    "(`watcher help config`)。",
)
