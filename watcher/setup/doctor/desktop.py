"""Checks what the user sees and presses: notifications, and the browser."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from watcher.app.browser import PORTAL, SYSTEM, way_to_open
from watcher.config.schema import CHANNELS, Notify
from watcher.i18n import Language, Text
from watcher.notify.choice import ChannelChoice
from watcher.notify.delivery import Failure, channels
from watcher.notify.examine import Buttons, Offer, examine
from watcher.recognition.text import sanitise
from watcher.setup.doctor.report import (
    Finding,
    Sentence,
    Sentences,
    failed,
    passed,
    skipped,
    warned,
)
from watcher.setup.trial import trying

SHOWN_S = 5.0
"""How long the trial stands on the screen, unless its button is pressed."""


def check_notification(
    notify: Notify, *, language: Language, shows: bool, shown_s: float = SHOWN_S
) -> Finding:
    """Return where a notification appears; with `shows`, after showing one."""
    if not notify.enabled:
        return skipped(_SWITCHED_OFF)
    offer, failures = examine(notify.channel)
    if offer is None:
        return failed(_why(failures, language), _NO_CHANNEL_REMEDY)
    if shows:
        with trying(partial(channels, notify.channel), language, shown_s) as trial:
            trial.await_press(shown_s)
        if trial.failures:
            return failed(_why(trial.failures, language), _NO_CHANNEL_REMEDY)
        found = _judge(offer, notify.channel, failures, language)
        tried = _PRESSED if trial.is_pressed else _SHOWN
        return replace(found, detail=Sentences((found.detail, tried)))
    return _judge(offer, notify.channel, failures, language)


def _why(failures: Sequence[Failure], language: Language) -> Sentence:
    """Return why the best channel failed; the others only stand in for it."""
    return Sentence.of(_NO_CHANNEL, reason=sanitise(failures[0].error.say(language)))


def _judge(
    offer: Offer, choice: ChannelChoice, failures: Sequence[Failure], language: Language
) -> Finding:
    channel = CHANNELS[offer.channel]
    if offer.channel == "terminal" and choice is not ChannelChoice.TERMINAL:
        return warned(_TERMINAL, _TERMINAL_REMEDY)
    server = sanitise(offer.server) or "–"
    words = {"channel": channel, "server": server}
    match offer.buttons:
        case Buttons.DRAWN:
            return passed(_BUTTONS, **words)
        case Buttons.BEHIND_A_CLICK:
            return passed(_MENU, **words)
        case Buttons.NONE if offer.channel == "freedesktop":
            return warned(Sentence(_NO_BUTTONS, words), _NO_BUTTONS_REMEDY)
        case Buttons.NONE:
            return passed(_PLAIN, channel=channel)


def check_browser() -> Finding:
    """Return what would open the approval page; nothing is opened."""
    way = way_to_open()
    if way is None:
        return warned(_NO_BROWSER, _NO_BROWSER_REMEDY)
    if way in (PORTAL, SYSTEM):
        return passed(_BROWSER, way=sanitise(way))
    return passed(_BY_COMMAND, way=sanitise(way))


_SHOWN = Text(
    en="A test notification was shown for some seconds.",
    ja="テストの通知を数秒間表示しました。",
)
_PRESSED = Text(
    en="A test notification was shown, and its button was pressed.",
    ja="テストの通知を表示し、ボタンが押されました。",
)
_SWITCHED_OFF = Text(
    en="Notifications are switched off in the configuration.",
    ja="通知は設定で無効になっています。",
)
_NO_CHANNEL = Text(
    en="No notification can be shown: {reason}",
    ja="通知を出せません: {reason}",
)
_NO_CHANNEL_REMEDY = Text(
    en="Run watcher in your desktop session, start a notification service (like "
    "dunst), or run it in a terminal.",
    ja="デスクトップにログインして実行するか、通知サービス(dunst など)を起動するか、"
    "ターミナルで実行してください。",
)
_BUTTONS = Text(
    en="On the {channel} ({server}), with buttons to open the page.",
    ja="{channel}({server})に、ページを開くボタン付きで表示します。",
)
_MENU = Text(
    en="On the {channel} ({server}); the buttons are in a menu behind a middle click.",
    ja="{channel}({server})に表示します。ボタンは中クリックのメニューにあります。",
)
_NO_BUTTONS = Text(
    en="On the {channel} ({server}), without buttons.",
    ja="{channel}({server})に、ボタンなしで表示します。",
)
_NO_BUTTONS_REMEDY = Text(
    en="Open a page with `watcher open`, or use a notification service with buttons.",
    ja="ページは `watcher open` で開いてください。ボタンのある通知サービスも使えます。",
)
_PLAIN = Text(
    en="On the {channel}. Open a page with `watcher open`.",
    ja="{channel}に表示します。ページは `watcher open` で開きます。",
)
_TERMINAL = Text(
    en="On the terminal alone: there is no desktop that shows notifications.",
    ja="通知を出せるデスクトップがないので、ターミナルにだけ表示します。",
)
_TERMINAL_REMEDY = Text(
    en="Keep that terminal in sight, or run watcher in your desktop session.",
    ja="そのターミナルが見えるようにしておくか、デスクトップで実行してください。",
)
_BROWSER = Text(en="Pages are opened by: {way}", ja="ページを開くプログラム: {way}")
_BY_COMMAND = Text(
    en="Pages are opened by: {way} (the link stands on its command line, which other "
    "programs on this computer can read for a moment)",
    ja="ページを開くプログラム: {way}(リンクは引数で渡すので、このパソコンのほかの"
    "プログラムからも一時的に見えます)",
)
_NO_BROWSER = Text(
    en="No browser was found that could open the approval page from here.",
    ja="ここから承認ページを開けるブラウザーが見つかりません。",
)
_NO_BROWSER_REMEDY = Text(
    en="Set BROWSER to your browser, or print the link with `watcher open --print`.",
    ja="環境変数 BROWSER に使うブラウザーを設定するか、`watcher open --print` で"
    "リンクを表示してください。",
)
