"""Which addresses To holds, and whose mailbox they reach."""

import time

import pytest

from tests.sample_mails import approval, outcome, word
from watcher.recognition.limits import HEADER_BYTES
from watcher.recognition.message import read
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.recipients import is_addressed_to, recipients_in
from watcher.recognition.sender import mailbox_of
from watcher.recognition.verdict import Recognised

IRREGULAR = ["taro..x@docomo.ne.jp", ".taro@docomo.ne.jp", "taro.@docomo.ne.jp"]
"""Addresses as Japanese mobile carriers gave them out (against RFC 5321 §4.1.2)."""

FORMS = {
    "bare": "{address}",
    "in_brackets": "<{address}>",
    "named_by_itself": '"{address}" <{address}>',
    "named_by_itself_without_quotes": "{address} <{address}>",
    "named_with_a_comma": '"Yamada, Taro" <{address}>',
    "named_with_a_comma_without_quotes": "Yamada, Taro <{address}>",
    "named_with_a_quote": r'"Taro \"T\" (x" <{address}>',
    "named_in_japanese": f"{word('山田太郎')} <{{address}}>",
    "named_in_long_japanese": f"{word('山田太郎' * 12)} <{{address}}>",
    "folded": "Taro\r\n <{address}>",
    "commented": r"(to (Taro\))) {address} (Yamada)",
    "last_of_several": "hanako@example.jp, Jiro <jiro@example.jp>, {address}",
    "first_of_several": "{address}, hanako@example.jp",
    "after_an_irregular_one": "hana..ko@docomo.ne.jp, {address}",
    "in_a_group": "Family: hanako@example.jp, {address};",
    "alone_in_a_group": "Family:{address};",
    "commented_behind_brackets": "Taro <{address}> (Yamada)",
    "after_a_group": "undisclosed-recipients:;, {address}",
}
ELSEWHERE = {
    "in_a_name": '"{address}" <mallory@evil.example>',
    "in_a_name_without_quotes": "{address} <mallory@evil.example>",
    "in_a_name_of_an_irregular_one": "{address} <mal..lory@evil.example>",
    "in_a_name_behind_a_quote": r'"\"{address}," <mallory@evil.example>',
    "in_an_encoded_name": "{encoded} <mallory@evil.example>",
    "in_a_comment": "mallory@evil.example ({address})",
    "in_a_comment_with_a_comma": "mallory@evil.example (, {address}, )",
    "in_a_nested_comment": r"mallory@evil.example (a (b\) , ) , {address}, )",
    "in_a_quoted_local_part": '"{address}, "@evil.example',
    "in_a_group_name": "{address}: mallory@evil.example;",
    "in_two_brackets": "<mallory@evil.example> <{address}>",
    "behind_a_bracket": "<mallory@evil.example> {address}",
    "in_a_route": "<@example.jp:{address}>",
    "behind_an_open_quote": '"mallory@evil.example, {address}',
    "before_an_open_quote": '{address} "mallory',
    "with_a_word_before_it": "mallory {address}",
    "as_a_sub_domain": "{address}.evil.example",
    "with_another_at": "{address}@evil.example",
}


@pytest.mark.parametrize("address", [*IRREGULAR, "taro@example.jp"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_address_is_found_in_every_form_of_to(form: str, address: str) -> None:
    policy = Policy(recipients=frozenset({address}))
    raw = approval(to=form.format(address=address))

    assert address in read(raw).recipients
    assert outcome(raw, policy=policy) == (Recognised, set())


@pytest.mark.parametrize("address", IRREGULAR)
def test_irregular_local_part_is_the_same_in_quotes(address: str) -> None:
    local, _, domain = address.partition("@")
    policy = Policy(recipients=frozenset({address}))

    for to in (f'"{local}"@{domain}', f'"Taro" <"{local}"@{domain}>'):
        assert outcome(approval(to=to), policy=policy) == (Recognised, set())


@pytest.mark.parametrize("address", [*IRREGULAR, "taro@example.jp"])
@pytest.mark.parametrize("form", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_address_in_another_place_is_no_recipient(form: str, address: str) -> None:
    """A genuine mail to somebody else may be sent on: it gets no link."""
    policy = Policy(recipients=frozenset({address}))
    encoded = f"=?utf-8?Q?{address.replace('@', '=40')}=2C?="
    raw = approval(to=form.format(address=address, encoded=encoded))

    assert outcome(raw, policy=policy) == (Recognised, {Reason.RECIPIENT_UNKNOWN})


def test_recipients_are_told_as_written() -> None:
    field = 'Taro.. <Taro..X@Docomo.ne.jp>, "hana ko"@example.jp, (x), <>, jiro'

    assert recipients_in(field) == ("Taro..X@Docomo.ne.jp", '"hana ko"@example.jp')


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "(\\", '"', '"\\', '"a"', "<", "<a", '<"', '<"a"', "a@b,", ":"],
)
def test_hostile_to_costs_linear_time(pattern: str) -> None:
    start = time.process_time()

    recipients_in(pattern * (HEADER_BYTES // len(pattern)))

    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Taro@Example.JP", "taro@example.jp"),
        ("taro+amazon+x@example.jp", "taro@example.jp"),
        ("+taro@example.jp", "+taro@example.jp"),
        ("t.a.ro+x@googlemail.com", "taro@gmail.com"),
        ("t.a.ro@example.jp", "t.a.ro@example.jp"),
        ('"taro..x"@docomo.ne.jp', "taro..x@docomo.ne.jp"),
        (r'"ta\ro"@example.jp', "taro@example.jp"),
        (r'"taro\""@example.jp', 'taro"@example.jp'),
    ],
)
def test_mailbox_is_the_address_without_what_is_ignored(
    address: str, mailbox: str
) -> None:
    assert mailbox_of(address) == mailbox


@pytest.mark.parametrize(
    ("to", "known"),
    [
        ("taro-amazon@example.jp", "taro@example.jp"),
        ("TARO-Amazon-x@Example.jp", "taro@example.jp"),
        ("taro..x-amazon@example.jp", "taro..x@example.jp"),
        ("taro-yamada-amazon@example.jp", "taro-yamada@example.jp"),
        ("anything@taro.fastmail.com", "taro@fastmail.com"),
        ("Amazon@Taro.Example.jp", "taro@example.jp"),
        ("taro+amazon@example.jp", "taro@example.jp"),
        ("ta.ro@googlemail.com", "taro+x@gmail.com"),
    ],
)
def test_extension_of_an_address_reaches_its_mailbox(to: str, known: str) -> None:
    assert is_addressed_to(["jiro@example.org", to], ["saburo@example.org", known])


@pytest.mark.parametrize(
    ("to", "known"),
    [
        ("taro-x@example.jp", "hanako@example.jp"),
        ("taro@example.jp", "taro-x@example.jp"),
        ("taro-x@example.jp", "taro-y@example.jp"),
        ("taroamazon@example.jp", "taro@example.jp"),
        ("taro.amazon@example.jp", "taro@example.jp"),
        ("taro_amazon@example.jp", "taro@example.jp"),
        ("amazon-taro@example.jp", "taro@example.jp"),
        ("taro-x@example.org", "taro@example.jp"),
        ("taro-x@docomo.ne.jp", "taro@docomo.ne.jp"),
        ("taro@mail.example.jp", "taro@example.jp"),
        ("anything@hanako.fastmail.com", "taro@fastmail.com"),
        ("anything@x.taro.fastmail.com", "taro@fastmail.com"),
        ("anything@xtaro.fastmail.com", "taro@fastmail.com"),
        ("taro@fastmail.com", "anything@taro.fastmail.com"),
    ],
)
def test_similar_address_reaches_another_mailbox(to: str, known: str) -> None:
    assert not is_addressed_to([to], [known])


def test_no_recipient_reaches_no_mailbox() -> None:
    assert not is_addressed_to([], ["taro@example.jp"])
    assert not is_addressed_to(["taro@example.jp"], [])


@pytest.mark.parametrize("to", ["{name}-amazon@example.jp", "amazon@{name}.example.jp"])
def test_a_name_that_is_too_long_for_any_mailbox_is_not_looked_through(to: str) -> None:
    name = "x" * 400
    known = [f"{name}@example.jp"]

    assert not is_addressed_to([to.format(name=name)], known)
    assert is_addressed_to([to.format(name="x")], ["x@example.jp"])
