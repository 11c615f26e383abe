"""Hands toasts to Windows by windows-toasts, on Windows alone.

What stands in a toast is bound to it as data: no text of ours, and none of a mail,
becomes part of its XML.
"""

# ruff: noqa: E402 -- the check tells mypy, too, that the rest is for Windows alone

import sys

assert sys.platform == "win32"  # noqa: S101

import winreg

from windows_toasts import (
    AudioSource,
    InteractableWindowsToaster,
    Toast,
    ToastActivatedEventArgs,
    ToastAudio,
    ToastButton,
    ToastDismissalReason,
    ToastDismissedEventArgs,
    ToastDuration,
    ToastProgressBar,
    ToastScenario,
)
from winrt.windows.ui.notifications import NotificationSetting

from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.toast import Callbacks, ToastContent

APP_ID, APP_NAME = "watcher.AmazonSignIn", "watcher"
"""The AppUserModelID, by which Windows knows whose toast it is, and what it shows."""

_KEY = rf"Software\Classes\AppUserModelId\{APP_ID}"
_URGENT_BUILD = 19041
"""Windows before it knows no urgent toasts."""
_NOT_FOUND = -2147023728
"""HRESULT of ERROR_NOT_FOUND: Windows has no settings yet of a new AppUserModelID."""

_SWITCHED_OFF = Text(
    en="Notifications of watcher are switched off in the settings of Windows (System, "
    "Notifications).",
    ja="Windows の設定(システムの「通知」)で watcher の通知がオフになっています。",
)


class WindowsToaster:
    """Windows's toasts, in the name of an AppUserModelID of our own."""

    def __init__(self) -> None:
        """Register the name, and connect; raise what Windows raises."""
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, _KEY) as key:
            winreg.SetValueEx(key, "DisplayName", 0, winreg.REG_SZ, APP_NAME)
        self._windows = InteractableWindowsToaster(APP_NAME, APP_ID)
        self._toasts: dict[str, Toast] = {}

    def check(self) -> None:
        """Raise `NotificationFailed` where the user has switched toasts off."""
        try:
            setting = self._windows.toastNotifier.setting
        except OSError as error:
            if error.winerror != _NOT_FOUND:
                raise
        else:
            if setting != NotificationSetting.ENABLED:
                raise NotificationFailed(_SWITCHED_OFF)

    def show(self, tag: str, content: ToastContent, callbacks: Callbacks) -> None:
        """Show it in place of the one before of the same tag."""
        self.check()
        toast = self._toast(tag, content)

        def on_activated(pressed: ToastActivatedEventArgs) -> None:
            name = pressed.arguments or ""
            callbacks.on_press("" if name == tag else name)

        def on_dismissed(dismissed: ToastDismissedEventArgs) -> None:
            if dismissed.reason == ToastDismissalReason.TIMED_OUT:
                callbacks.on_timeout()

        if content.pops_up:
            toast.on_activated, toast.on_dismissed = on_activated, on_dismissed
            toast.on_failed = lambda _: callbacks.on_refusal()
        self._windows.show_toast(toast)

    def update(self, tag: str, content: ToastContent) -> None:
        """Change its texts and its bar, if it stands anywhere."""
        self._windows.update_toast(self._toast(tag, content))

    def remove(self, tag: str) -> None:
        """Take it away, also one that another process has shown."""
        self._toasts.pop(tag, None)
        self._windows.remove_toast(_tagged(tag, Toast()))

    def _toast(self, tag: str, content: ToastContent) -> Toast:
        """Return it numbered behind the last of its tag: Windows drops older data."""
        toast = _tagged(tag, _render(content))
        if tag in self._toasts:
            toast.updates = self._toasts[tag].updates
        self._toasts[tag] = toast
        return toast


def _tagged(tag: str, toast: Toast) -> Toast:
    toast.tag = tag
    return toast


def _render(content: ToastContent) -> Toast:
    """Return the content in the library's own types."""
    buttons = [ToastButton(one.label, one.action.value) for one in content.buttons]
    if content.link_button is not None:
        opens = content.link_button
        buttons.append(ToastButton(opens.label, launch=opens.link))
    bar = None
    if content.bar is not None:
        bar = ToastProgressBar(content.bar.words, progress=content.bar.part)
    is_loud = content.is_urgent and content.pops_up
    has_urgent = sys.getwindowsversion().build >= _URGENT_BUILD
    return Toast(
        list(content.texts),
        audio=ToastAudio(
            AudioSource.Reminder if is_loud else AudioSource.Default,
            silent=not content.pops_up,
        ),
        duration=ToastDuration.Long if is_loud else ToastDuration.Default,
        expiration_time=content.expires_at,
        progress_bar=bar,
        scenario=(
            ToastScenario.Important if is_loud and has_urgent else ToastScenario.Default
        ),
        suppress_popup=not content.pops_up,
        actions=buttons,
    )
