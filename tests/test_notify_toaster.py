"""What Windows is handed for a toast, byte for byte, by the library as it is.

Wine has no Windows Runtime: its classes are stood in for where they are made, the
document by the standard library's DOM. What they are given is what Windows gets.
"""

# ruff: noqa: E402 -- nothing else is there on other systems

import sys

import pytest

pytest.importorskip("windows_toasts", reason="Windows only: its toasts")
assert sys.platform == "win32"  # for mypy, too

import winreg
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from xml.dom import minidom

from windows_toasts import ToastDismissalReason
from winrt.windows.ui.notifications import NotificationSetting

from tests.factories import CODE, EXPIRES_AT, LINK, NOW, attempt, live
from watcher.errors import NotificationFailed
from watcher.i18n import Language
from watcher.notify import toaster
from watcher.notify.toast import Callbacks, render
from watcher.recognition.claim import Kind

TAG = "fedcba"
KEY = r"Software\Classes\AppUserModelId\watcher.Tests"
NOT_FOUND = -2147023728
"""HRESULT of ERROR_NOT_FOUND."""


# What stands in for the Windows Runtime ----------------------------------------------


@dataclass
class Attribute:
    """An attribute of a document."""

    dom: minidom.Attr

    def _set_inner_text(self, text: str) -> None:
        self.dom.value = text

    inner_text = property(fset=_set_inner_text)


@dataclass
class Text:
    """A text of a document."""

    dom: minidom.Text


@dataclass
class Element:
    """An element of a document, under the names that the Windows Runtime has for it."""

    dom: minidom.Element

    @property
    def attributes(self) -> "Element":
        return self

    def set_named_item(self, attribute: Attribute) -> None:
        self.dom.setAttributeNode(attribute.dom)

    def get_named_item(self, name: str) -> Attribute:
        attribute = self.dom.getAttributeNode(name)
        assert attribute is not None
        return Attribute(attribute)

    def append_child(self, child: "Element | Text") -> None:
        self.dom.appendChild(child.dom)


class Elements(list[Element]):
    """What was found in a document."""

    @property
    def length(self) -> int:
        return len(self)

    def item(self, number: int) -> Element | None:
        return self[number] if number < len(self) else None


class Document:
    """A document that is made node by node."""

    def load_xml(self, text: str) -> None:
        self.dom = minidom.parseString(text)

    def create_element(self, name: str) -> Element:
        return Element(self.dom.createElement(name))

    def create_attribute(self, name: str) -> Attribute:
        return Attribute(self.dom.createAttribute(name))

    def create_text_node(self, text: str) -> Text:
        return Text(self.dom.createTextNode(text))

    def get_elements_by_tag_name(self, name: str) -> Elements:
        return Elements(map(Element, self.dom.getElementsByTagName(name)))

    @property
    def text(self) -> str:
        assert self.dom.documentElement is not None
        return self.dom.documentElement.toxml()


class Values(dict[str, str]):
    """A map of texts, as the Windows Runtime has it."""

    def insert(self, key: str, value: str) -> None:
        self[key] = value


@dataclass
class Data:
    """What the texts of a toast are bound to."""

    sequence_number: int = 0
    values: Values = field(default_factory=Values)


@dataclass
class Shown:
    """A toast as Windows is given it."""

    document: Document
    data: Data = field(default_factory=Data)
    tag: str = ""
    group: str = ""
    expiration_time: datetime | None = None
    suppress_popup: bool = False
    listeners: dict[str, Callable[[object, object], None]] = field(default_factory=dict)

    def __getattr__(
        self, name: str
    ) -> Callable[[Callable[[object, object], None]], None]:
        if not name.startswith("add_"):
            raise AttributeError(name)
        return lambda listener: self.listeners.update({name[4:]: listener})


@dataclass
class Press:
    """What Windows tells of a press."""

    arguments: str
    user_input: dict[str, object] = field(default_factory=dict)

    def as_(self, _: object) -> "Press":
        return self


@dataclass
class Dismissed:
    """What Windows tells of a toast that left the screen."""

    reason: ToastDismissalReason


@dataclass
class Windows:
    """The notifier, the history and the manager of toasts."""

    names: set[str] = field(default_factory=set)
    shown: list[Shown] = field(default_factory=list)
    updates: list[tuple[Data, str, str]] = field(default_factory=list)
    removed: list[tuple[str, str, str]] = field(default_factory=list)
    setting_is: NotificationSetting | OSError = NotificationSetting.ENABLED

    def create_toast_notifier_with_id(self, name: str) -> "Windows":
        self.names.add(name)
        return self

    @property
    def setting(self) -> NotificationSetting:
        if isinstance(self.setting_is, OSError):
            raise self.setting_is
        return self.setting_is

    def show(self, toast: Shown) -> None:
        self.shown.append(toast)

    def update_with_tag_and_group(self, data: Data, tag: str, group: str) -> None:
        self.updates.append((data, tag, group))

    @property
    def history(self) -> "Windows":
        return self

    def remove_grouped_tag_with_id(self, tag: str, group: str, name: str) -> None:
        self.removed.append((tag, group, name))


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    manager = Windows()
    monkeypatch.setattr("windows_toasts.toast_document.XmlDocument", Document)
    monkeypatch.setattr("windows_toasts.toasters.ToastNotification", Shown)
    monkeypatch.setattr("windows_toasts.toasters.NotificationData", Data)
    monkeypatch.setattr("windows_toasts.toasters.ToastNotificationManager", manager)
    monkeypatch.setattr("watcher.notify.toaster._KEY", KEY)
    monkeypatch.setattr("watcher.notify.toaster._URGENT_BUILD", 0)  # Wine's is lower
    yield manager
    winreg.DeleteKey(winreg.HKEY_CURRENT_USER, KEY)


@dataclass
class Heard:
    """What the toast's callbacks were called with."""

    presses: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def callbacks(self) -> Callbacks:
        return Callbacks(
            on_press=self.presses.append,
            on_timeout=lambda: self.others.append("timeout"),
            on_refusal=lambda: self.others.append("refusal"),
        )


def show(
    windows: Windows, kind: Kind = Kind.APPROVAL, *, calls_back: bool = True
) -> tuple[Shown, Heard]:
    """Show an attempt in English, and return what Windows was given."""
    heard = Heard()
    content = render(live(attempt(kind), Language.EN), NOW, calls_back=calls_back)
    toaster.WindowsToaster().show(TAG, content, heard.callbacks)
    return windows.shown[-1], heard


# What it is given --------------------------------------------------------------------

BODY = (
    '<visual><binding template="ToastGeneric"><text id="1">{text1}</text>'
    '<text id="2">{text2}</text><text id="3">{text3}</text>'
    '<progress status="{status}" value="{progress}" '
    'valueStringOverride="{progress_override}" title="{caption}"/></binding></visual>'
)


def test_an_approval_is_urgent_and_has_its_bar_and_buttons(windows: Windows) -> None:
    shown, _ = show(windows)

    assert shown.document.text == (
        f'<toast duration="long" scenario="urgent" launch="{TAG}" '
        f'useButtonStyle="true">{BODY}'
        '<audio src="ms-winsoundevent:Notification.Reminder"/>'
        '<actions><action content="Open Amazon\'s page" arguments="open"/>'
        '<action content="It was not me" arguments="not_me"/></actions></toast>'
    )


def test_a_code_has_the_button_that_copies_it(windows: Windows) -> None:
    shown, _ = show(windows, Kind.CODE)

    assert (
        '<actions><action content="Copy the code" arguments="copy"/>'
        '<action content="It was not me" arguments="not_me"/></actions>'
    ) in shown.document.text
    assert CODE not in shown.document.text


def test_in_the_notification_centre_windows_opens_the_exact_link(
    windows: Windows,
) -> None:
    """By protocol activation: it works when this program is gone."""
    shown, heard = show(windows, calls_back=False)

    assert shown.document.text == (
        f'<toast launch="{TAG}" useButtonStyle="true">{BODY}'
        '<audio silent="true"/><actions><action content="Open Amazon\'s page" '
        f'activationType="protocol" arguments="{LINK.replace("&", "&amp;")}"/>'
        "</actions></toast>"
    )
    assert shown.suppress_popup
    assert (shown.listeners, heard) == ({}, Heard())


def test_the_words_are_bound_to_it_as_data(windows: Windows) -> None:
    """So no text of a mail is ever part of the document."""
    shown, _ = show(windows)
    content = render(live(attempt(), Language.EN), NOW, calls_back=True)

    assert shown.data.values == {
        "text1": content.texts[0],
        "text2": content.texts[1],
        "text3": content.texts[2],
        "status": "4:32 left",
        "progress": "0.91",
        "progress_override": "91%",
        "caption": "",
    }


def test_it_has_a_tag_a_name_and_an_end(windows: Windows) -> None:
    shown, _ = show(windows)

    assert windows.names == {toaster.APP_ID}
    assert (shown.tag, shown.group, shown.expiration_time) == (TAG, TAG, EXPIRES_AT)
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, KEY) as key:
        assert winreg.QueryValueEx(key, "DisplayName")[0] == toaster.APP_NAME


def test_windows_before_urgent_toasts_gets_a_plain_one(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.notify.toaster._URGENT_BUILD", 10**6)
    shown, _ = show(windows)

    assert "scenario" not in shown.document.text


def test_each_change_has_a_higher_number_under_the_same_tag(windows: Windows) -> None:
    """Windows drops what is older than it has."""
    opened = toaster.WindowsToaster()
    content = render(live(attempt(), Language.EN), NOW, calls_back=True)
    opened.show(TAG, content, Heard().callbacks)
    for _ in range(2):
        opened.update(TAG, content)

    assert windows.shown[-1].data.sequence_number == 1
    assert [data.sequence_number for data, *_ in windows.updates] == [2, 3]
    assert {(tag, group) for _, tag, group in windows.updates} == {(TAG, TAG)}


def test_it_is_removed_by_its_tag_whoever_showed_it(windows: Windows) -> None:
    toaster.WindowsToaster().remove(TAG)

    assert windows.removed == [(TAG, TAG, toaster.APP_ID)]


# What it tells -----------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "heard_as"), [("open", "open"), (TAG, "")])
def test_a_press_is_told_by_its_button_and_a_click_by_nothing(
    windows: Windows, arguments: str, heard_as: str
) -> None:
    shown, heard = show(windows)
    shown.listeners["activated"](None, Press(arguments))

    assert heard.presses == [heard_as]


def test_only_time_moves_it_into_the_notification_centre(windows: Windows) -> None:
    shown, heard = show(windows)
    for reason in ToastDismissalReason:
        shown.listeners["dismissed"](None, Dismissed(reason))

    assert heard.others == ["timeout"]


def test_windows_own_refusal_is_heard(windows: Windows) -> None:
    shown, heard = show(windows)
    shown.listeners["failed"](None, None)

    assert heard.others == ["refusal"]


def test_what_the_user_switched_off_is_a_failure(windows: Windows) -> None:
    windows.setting_is = NotificationSetting.DISABLED_FOR_APPLICATION

    with pytest.raises(NotificationFailed, match="switched off"):
        show(windows)
    assert windows.shown == []


def test_a_name_that_windows_does_not_know_yet_is_none(windows: Windows) -> None:
    windows.setting_is = OSError(0, "", None, NOT_FOUND)

    show(windows)
    assert len(windows.shown) == 1
