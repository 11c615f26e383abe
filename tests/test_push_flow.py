"""From a mail on a server to a phone, by the whole program."""

from collections.abc import Iterator

import pytest

from tests.desktop import eventually
from tests.environment import CONNECTED, MailUser
from tests.ntfy_server import NtfyServer, serving_ntfy
from tests.servers import free_port
from tests.test_guide import HURRIED
from watcher.events import EventName


@pytest.fixture
def ntfy() -> Iterator[NtfyServer]:
    with serving_ntfy() as server:
        yield server


def push(url: str, *lines: str) -> str:
    return "\n".join(("[push]", f'url = "{url}"', *lines))


def told(user: MailUser) -> list[tuple[str, str | None]]:
    return [(event.event.value, event.detail) for event in user.home.events()]


def test_an_attempt_is_on_the_phone_until_it_is_answered(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    mail_user.configure(mail_user.account(), push(ntfy.url, "link = true"))
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        (shown,) = ntfy.await_shown(1)
        assert shown["click"] == link
        mail_user.home.run("open")
        ntfy.await_shown(0)
        run.end()

    assert ("notified", "push") in told(mail_user)


def test_what_a_phone_alone_was_told_is_known_after_a_restart(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    account, phone = mail_user.account(), push(ntfy.url)
    mail_user.configure(account, phone, notify='channel = "freedesktop"')
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        ntfy.await_shown(1)
        run.await_text("sign-in attempt came")
        run.end()
    assert ("notified", "push") in told(mail_user)
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.home.run("open")
        ntfy.await_shown(0)
        run.end()

    assert len(ntfy.published) == 1


def test_a_phone_alone_is_told_where_notifications_are_switched_off(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    mail_user.configure(mail_user.account(), push(ntfy.url), notify="enabled = false")
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        ntfy.await_shown(1)
        run.end()


def test_a_push_server_that_hangs_holds_up_neither_the_screen_nor_the_end(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    ntfy.is_mute = True
    mail_user.configure(mail_user.account(), push(ntfy.url))
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        ntfy.await_requests(1)
        run.await_text(link)
        assert run.end() == 0


def test_a_push_server_that_is_dead_is_logged_by_its_name_and_tried_again(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    ntfy.refusals = [503]
    mail_user.configure(mail_user.account(), push(ntfy.url))
    with mail_user.home.started("-v", "run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        ntfy.await_shown(1)
        run.end()

    failed = [
        event.detail
        for event in mail_user.home.events()
        if event.event is EventName.NOTIFY_FAILED
    ]
    (detail,) = failed
    assert str(detail).startswith("push: The push server localhost did not take it")
    assert ntfy.topic not in run.seen


def test_check_ends_though_the_push_server_is_dead(mail_user: MailUser) -> None:
    url = f"http://127.0.0.1:{free_port()}/secret-topic"
    mail_user.configure(mail_user.account(), push(url))
    link = mail_user.approval()

    done = mail_user.home.run("check")

    assert done.code == 0
    assert link in done.out
    assert "secret-topic" not in done.out + done.err


def test_the_guide_tells_the_phone_on_which_the_app_is(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    mail_user.configure(mail_user.account(), push(ntfy.url))
    mail_user.approval()

    mail_user.home.run("guide", "zaim", command=HURRIED)

    assert len(ntfy.published) == 1


def test_a_phone_is_told_by_apprise(mail_user: MailUser, ntfy: NtfyServer) -> None:
    url = f"ntfy://127.0.0.1:{ntfy.port}/{ntfy.topic}"
    mail_user.configure(mail_user.account(), push(url), mode="auto")
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        (shown,) = ntfy.await_shown(1)
        eventually(lambda: ("notified", "push") in told(mail_user))
        run.end()

    assert "left – look at your computer" in shown["message"]


def test_a_phone_that_is_configured_while_it_runs_is_told_of_what_is_alive(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    mail_user.configure()
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        run.await_text(mail_user.approval())
        mail_user.configure(mail_user.account(), push(ntfy.url))
        ntfy.await_shown(1)
        run.end()
