"""A link or a code counts only in the place that is its own."""

import pytest

from tests.sample_mails import (
    LINK,
    Mail,
    alternatives,
    attempt_in,
    html,
    is_unknown,
    link_in,
    outcome,
    plain,
    signed,
)
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    Code,
    NotRelevant,
    Recognised,
    Unknown,
)

OTHER_LINK = LINK[:-1] + ("A" if LINK[-1] != "A" else "B")
ASKS = "承認または否認してください。"
APP = "<p>アプリに通知を送信しました。アプリを開いて承認または否認してください。</p>"
DETAILS = "<p>日時: Nov 27, 2026<br>デバイス: Chrome<br>付近: Tokyo, Japan</p>"


def reasons(raw: bytes) -> tuple[Reason, ...]:
    content = attempt_in(raw).content
    assert isinstance(content, Unknown), content
    return content.reasons


def code_in(body: bytes) -> str:
    content = attempt_in(signed(Mail(body=body))).content
    assert isinstance(content, Code), content
    return content.code


# The link -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        *("こちら", "ブロックする", "This wasn't me", "Not you? Secure your account"),
        *("承認", "否認する", "Amazon", ""),
        "Didn't ask to approve or deny a sign-in? Secure your account",
        "承認または否認の依頼に心当たりがない場合はこちら",
        "Open the app to approve or deny",
        "Se aprobaron otros accesos: denegar",
        "Amazonアプリで承認または否認する",
        *("承認または否認について", "承認または否認の依頼を取り消す"),
        *("Learn more about Approve or Deny", "Cancel the request to approve or deny"),
    ],
)
def test_a_link_under_other_words_is_not_to_approve(words: str) -> None:
    for text in (APP, f"<p>{ASKS}</p>", "<p>Approve or Deny in the Amazon app.</p>"):
        body = html(f"{text}{DETAILS}<p><a href='{LINK}'>{words}</a></p>")
        assert reasons(signed(Mail(body=body))) == (Reason.LINK_MISSING,)


NEGATED = [
    *("承認または否認できません", "承認または否認しないでください"),
    *("承認または 否認はしないでください", "承認または否認は不要です"),
    *("Never Approve or Deny for somebody else", "do not Approve or Deny"),
    *("Do not use it to Approve or Deny other sign-ins", "Don’t approve or deny it"),
    *("Non approvare o negare", "No aprobar o denegar"),
]


@pytest.mark.parametrize("words", NEGATED)
def test_words_that_say_not_to_do_not_ask(words: str) -> None:
    for body in (f"<a href='{LINK}'>{words}</a>", f"<p>{words}</p><p>{LINK}</p>"):
        assert reasons(signed(Mail(body=html(body)))) == (Reason.LINK_MISSING,)


@pytest.mark.parametrize(
    "words",
    ["To let them in or not, approve or deny", "承認または否認してください"],
)
def test_a_negation_elsewhere_in_the_sentence_does_no_harm(words: str) -> None:
    assert link_in(signed(Mail(body=html(f"<a href='{LINK}'>{words}</a>")))) == LINK


NOT_ITS_SENTENCE = {
    "another_sentence_between": f"{ASKS}\nお心当たりがない場合:\n{LINK}",
    "same_line": f"{ASKS} お心当たりがない場合は {LINK}",
    "in_the_app": f"アプリを開いて承認または否認してください。\n{LINK}",
    "in_the_app_en": f"Open the Amazon app to Approve or Deny.\n{LINK}",
    "after_an_empty_place": f"{ASKS}\n付近:\nお心当たりがない場合:\n{LINK}",
    "after_a_semicolon": f"Approve or deny in time; if not, deny here: {LINK}",
    "after_a_bar": f"Approve or Deny | This wasn't me: {LINK}",
    "in_parentheses": f"承認または否認してください(お心当たりがない場合: {LINK} )",
    "on_the_phone": f"Approve or Deny on your phone.\n{LINK}",
    "on_the_smartphone": f"Auf deinem Smartphone genehmigen oder ablehnen.\n{LINK}",
    "on_the_mobile": f"Aprobar o denegar en tu móvil: {LINK}",
    "on_another_device": f"お使いの端末で承認または否認してください。\n{LINK}",
    "right_behind_latin_letters": f"承認または否認はAmazonアプリから\n{LINK}",
    "behind_the_link": f"{LINK}\n{ASKS}",
    "deny_en": f"Approve or Deny in time. If this wasn't you, deny here: {LINK}",
    "no_blank": f"Approve or Deny in time.Stop it here: {LINK}",
    "full_width_stop": f"承認または否認してください．止める場合はこちら {LINK}",
    "half_width_stop": f"承認または否認してください｡止める場合はこちら {LINK}",
    "exclamation": f"承認または否認してください！止める場合はこちら {LINK}",
    "question": f"承認または否認しますか？止める場合はこちら {LINK}",
    "semicolon": f"承認または否認してください；止める場合はこちら {LINK}",
    "full_width_bar": f"承認または否認｜止める場合はこちら {LINK}",
    "colon": f"承認または否認：止める場合はこちら {LINK}",
    "em_dash": f"Approve or Deny in time — stop it here: {LINK}",
    "em_dash_without_blanks": f"Approve or Deny in time—stop it here: {LINK}",
    "en_dash_without_blanks": f"Approve or Deny in time–stop it here: {LINK}",
    "bracket": f"【承認または否認】止める場合はこちら {LINK}",
    "parenthesis": f"(Approve or Deny in time) Stop it here: {LINK}",
    "ellipsis": f"Approve or Deny… Stop it here: {LINK}",
    "comma": f"承認または否認してください、止める場合はこちら {LINK}",
    "reference_mark": f"承認または否認してください※止める場合はこちら {LINK}",
    "sentence_without_end": f"In the app {'and on ' * 99} approve or deny: {LINK}",
}


@pytest.mark.parametrize("text", NOT_ITS_SENTENCE.values(), ids=NOT_ITS_SENTENCE)
def test_a_url_behind_another_sentence_is_not_to_approve(text: str) -> None:
    assert reasons(signed(Mail(body=plain(text)))) == (Reason.LINK_MISSING,)
    as_html = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    pressed = as_html.replace(LINK, f"<a href='{LINK}'>{LINK}</a>")
    assert reasons(signed(Mail(body=html(pressed)))) == (Reason.LINK_MISSING,)


@pytest.mark.parametrize(
    "text",
    [
        "Open Amazon Shopping on your phone\nand Approve or Deny.",
        "Amazonアプリを開き、\n承認または否認してください。",
        "Open the Amazon app to\nApprove or\nDeny.",
    ],
)
def test_a_sentence_is_read_over_the_lines_of_its_paragraph(text: str) -> None:
    as_html = text.replace("\n", "<br>")

    for body in (plain(f"{text}\n{LINK}"), html(f"<p>{as_html}</p><p>{LINK}</p>")):
        assert reasons(signed(Mail(body=body))) == (Reason.LINK_MISSING,)


ITS_SENTENCE = {
    "next_line": f"{ASKS}\n{LINK}",
    "blank_lines": f"{ASKS}\n\n\n{LINK}\n",
    "same_line": f"Approve or Deny: {LINK}",
    "brackets": f"【承認または否認してください】\n<{LINK}>",
    "broken_line": f"Somebody knows your password; to let them in or not, Approve\n"
    f"or Deny.\n{LINK}",
    "last_sentence": f"Was it you? Approve or Deny.\n{LINK}",
    "name_of_a_store": f"Approve or Deny at www.amazon.co.jp: {LINK}",
    "full_width": f"【承認または否認してください】：{LINK}",
    "broken_twice": f"To let them in or not,\nApprove\nor Deny.\n{LINK}",
    "behind_another_paragraph": f"アプリからサインインしています\n\n{ASKS}\n{LINK}",
}


@pytest.mark.parametrize("text", ITS_SENTENCE.values(), ids=ITS_SENTENCE)
def test_a_url_behind_the_sentence_that_asks_is_to_approve(text: str) -> None:
    assert link_in(signed(Mail(body=plain(text)))) == LINK


NOTE = """このEメールがAmazonから送信されていることを確認するにはどうすればよいで
すか?
このEメールのリンクは「https://www.amazon.co.jp」で始まります。以下のリンクを
コピーすることもできます。"""


@pytest.mark.parametrize(
    "note",
    [
        NOTE,
        "以下のリンクをコピーしてブラウザに貼り付けてください。",
        "以下のリンクをコピーし、ブラウザーへ貼り付けてください。",
        "以下のリンクをコピーしてお使いのブラウザのアドレスバーに貼り付けることもできます。",
        "以下のリンクをクリックして、URLを確認してください。",
    ],
)
def test_the_note_of_the_genuine_text_does_not_part_the_words_from_the_url(
    note: str,
) -> None:
    assert link_in(signed(Mail(body=plain(f"{ASKS}\n\n{note}\n{LINK}")))) == LINK
    in_app = f"アプリで{ASKS}\n\n{note}\n{LINK}"
    assert is_unknown(signed(Mail(body=plain(in_app))))


@pytest.mark.parametrize(
    "note",
    [
        "詳しくは以下のリンクをご覧ください。お心当たりがない場合:",
        "以下のリンクをコピーして否認できます。",
        "心当たりがない場合は、以下のリンクをクリックしてください。",
        "止める場合:\n以下のリンクをコピーすることもできます。",
        f"{NOTE}\n止める場合:",
    ],
)
def test_another_note_parts_the_words_from_the_url(note: str) -> None:
    assert is_unknown(signed(Mail(body=plain(f"{ASKS}\n\n{note}\n{LINK}"))))


@pytest.mark.parametrize(
    "hidden",
    [
        f"<div style='display:none'>{ASKS}</div>",
        f"<div style='color:red; DISPLAY : none'><p>{ASKS}</p></div>",
        f"<span hidden>{ASKS}</span>",
        "<table><tr><td style='display:none'><table><tr><td>x</td></tr><tr>"
        f"<td>{ASKS}</td></tr></table></td></tr></table>",
        f"<p style='visibility:hidden'>{ASKS}",
        f"<!-- {ASKS} -->",
        f"<title>{ASKS}</title>",
    ],
)
def test_words_that_no_browser_shows_do_not_ask(hidden: str) -> None:
    body = html(f"{hidden}<p><a href='{LINK}'>{LINK}</a></p>")

    assert is_unknown(signed(Mail(body=body)))


def test_what_follows_on_hidden_words_is_seen() -> None:
    hidden = "<div style='display:none'><div>x</div>y</div><p style='display:none'>z"
    body = html(f"{hidden}<p>{ASKS}</p><a href='{LINK}'>{LINK}</a>")

    assert link_in(signed(Mail(body=body))) == LINK


def test_bodies_that_differ_in_what_the_link_does_give_none() -> None:
    body = alternatives(
        plain(f"{ASKS}\n{LINK}"), html(f"<a href='{LINK}'>This wasn't me</a>")
    )

    assert is_unknown(signed(Mail(body=body)))


def test_a_body_that_only_shows_the_link_denies_nothing() -> None:
    note = "以下のリンクをコピーしてブラウザに貼り付けることもできます。"
    body = alternatives(
        plain(f"{ASKS}\n\n{note}\n{LINK}"), html(f"<a href='{LINK}'>{ASKS}</a>")
    )

    assert link_in(signed(Mail(body=body))) == LINK


def test_the_start_of_all_such_links_is_none() -> None:
    start = "https://www.amazon.co.jp/a/c/r/"
    body = html(f"<p>{ASKS} {start}</p><a href='{LINK}'>This wasn't me</a>")

    assert is_unknown(signed(Mail(body=body)))


def test_an_empty_place_hides_no_sentence() -> None:
    text = f"デバイス: Chrome\n付近:\n{ASKS}\n{LINK}"

    assert link_in(signed(Mail(body=plain(text)))) == LINK


def test_the_target_of_a_form_is_no_link() -> None:
    form = f"<form action='{LINK}'><button>承認または否認</button></form>"

    assert reasons(signed(Mail(body=html(form)))) == (Reason.LINK_MISSING,)


def test_two_buttons_are_told_without_a_link() -> None:
    buttons = f"<a href='{LINK}'>承認する</a> <a href='{OTHER_LINK}'>否認する</a>"

    body = html(f"<p>{ASKS}</p>{buttons}")
    assert reasons(signed(Mail(body=body))) == (Reason.LINKS_DISAGREE,)


@pytest.mark.parametrize("suffix", ["?ref_=pe_123", "/x", "#top"])
def test_an_odd_link_is_told_without_it(suffix: str) -> None:
    body = html(f"<a href='{LINK}{suffix}'>{ASKS}</a>")

    assert reasons(signed(Mail(body=body))) == (Reason.LINK_PATH,)


@pytest.mark.parametrize("label", ["デバイス: ", "Device: ", "デバイス:\n"])
def test_a_url_in_the_line_of_the_device_is_no_link(label: str) -> None:
    text = f"{label}Chrome {OTHER_LINK}\n付近: Tokyo\n\n{ASKS}\n{LINK}"

    assert link_in(signed(Mail(body=plain(text)))) == LINK


@pytest.mark.parametrize("words", [f"{ASKS} ", "Approve or Deny: ", ""])
def test_what_a_cell_tells_of_the_device_asks_nothing(words: str) -> None:
    table = f"<table><td>デバイス:</td><td>{words}{OTHER_LINK}</td></table>"
    approving = f"<a href='{LINK}'>{ASKS}</a>"

    assert link_in(signed(Mail(body=html(table + approving)))) == LINK
    assert reasons(signed(Mail(body=html(table + APP)))) == (Reason.LINK_MISSING,)


def test_a_row_without_a_place_hides_no_sentence() -> None:
    rows = f"<tr><td>付近:</td><td></td></tr><tr><td>{ASKS}<br>{LINK}</td></tr>"

    assert link_in(signed(Mail(body=html(f"<table>{rows}</table>")))) == LINK


# The code -----------------------------------------------------------------------------

IN_PLACE = {
    "cell": "<p>確認コード (参照番号 775533):</p><table><td>937511</td></table>",
    "otp": "<p>verification code, ref. 775533:</p><p class='otp'>937511</p>",
    "behind_the_words": "<p>確認コード: 937511</p><p>参照番号は 775533 です</p>",
    "is": "<p>Your verification code is: 937511. It expires in 202611.</p>",
    "expiry": "<p>確認コードは次のとおりです</p><p>937511</p><p>期限 202611 まで</p>",
    "digits_in_cells": "<p>確認コード</p><table><tr>"
    + "".join(f"<td>{digit}</td>" for digit in "937511")
    + "</tr></table><p>参照 775533 番</p>",
    "device": "<p>デバイス: 確認コード 775533</p><p>確認コード</p><p>937511</p>",
    "device_that_asks": "<table><td>デバイス:</td><td>承認または否認してください。"
    "</td></table><p>確認コードは 937511 です</p>",
    "place_that_asks": "<p>Near: Approve or Deny</p><p>確認コードは 937511 です</p>",
    "device_in_the_next_cell": "<table><td>デバイス:</td><td>775533</td></table>"
    "<p>確認コードは 937511 です</p>",
    "place": "<p>付近: 775533 Moscow</p><p>確認コードは 937511 です</p>",
    "name": "<p>Taro 775533,</p><p>確認コードは 937511 です</p>",
    "name_over_two_lines": "<p>Taro<br>775533,</p><p>確認コード</p><p>937511</p>",
    "device_over_two_lines": "<p>デバイス: Chrome<br>775533</p><p>確認コード</p>"
    "<p>937511</p>",
    "place_over_three_lines": "<td>付近:</td><td>Moscow<br>775533<br>775534</td>"
    "<p>確認コードは 937511 です</p>",
    "postal_code": "<p>確認コード</p><p>937511</p>"
    "<p>Amazon Seller Services, Bengaluru</p><p>560055</p>",
    "postal_code_between_lines": "<p>確認コード</p><p>937511</p><p>Bangalore<br>560055"
    "<br>India</p>",
    "reference": "<p>確認コード</p><p>937511</p><p>参照番号:</p><p>775533</p>",
    "reference_first": "<table><tr><td>Reference no.</td><td>775533</td></tr></table>"
    "<p>Your verification code is:</p><p>937511</p>",
    "case": "<p>937511 is your verification code. Case 775533.</p>",
    "words_about_an_order": "<p>Your verification code for the order:</p><p>937511</p>",
    "beneath_the_place": "<h1>確認コード</h1><p>付近: Tokyo</p><p>937511</p>",
    "order": "<p>Your verification code for order 775533 is:</p><p>937511</p>",
    "brackets": "<p>確認コードを送ります</p><p>【937511】</p><p>番号は775533です</p>",
    "quotes": "<p>We sent a verification code</p><p>&ldquo;937511&rdquo;.</p>",
    "right_behind_latin_letters": "<p>Amazon確認コードは937511です</p>",
    "reference_behind_latin_letters": "<p>Amazon注文番号 775533</p>"
    "<p>確認コードは 937511 です</p>",
}


@pytest.mark.parametrize("text", IN_PLACE.values(), ids=IN_PLACE)
def test_the_number_in_the_place_of_the_code_is_the_code(text: str) -> None:
    assert code_in(html(text)) == "937511"


AMBIGUOUS = {
    "two_cells": "<p>確認コード</p><p>937511</p><p>775533</p>",
    "two_in_the_text": "<p>確認コードをお送りします。937511 か 775533 です</p>",
    "account": "<p>Your verification code for account 775533.</p><p>Use 937511 now",
    "expired": "<p>Der Verifizierungscode 775533 ist alt.</p><p>Neu ist 937511.</p>",
    "cell_and_words": "<p>確認コード: 937511</p><p>775533</p>",
    "code_and_more": "<p>確認コード</p><p><b>937511</b> Copy</p><p>775533</p>",
    "two_codes": "<p>確認コード</p><p>937511</p><p>新しい確認コード</p><p>775533</p>",
    "or": "<p>Your verification code is:</p><p>937511</p><p>or</p><p>775533</p>",
    "words_about_an_order": "<p>Your verification code</p><p>775533 for your order</p>"
    "<p>937511</p>",
    "another_number": "<p>確認コード</p><p>937511</p><p>番号</p><p>775533</p>",
}


@pytest.mark.parametrize("text", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_of_two_numbers_that_may_be_the_code_none_is_shown(text: str) -> None:
    assert reasons(signed(Mail(body=html(text)))) == (Reason.CODES_DISAGREE,)


OF_ANOTHER_FORM = {
    "eight_digits": "<p>確認コード:</p><p>93751122</p><p>山田</p><p>775533</p>",
    "four_digits": "<p>Your verification code is: 9375</p><p>Taro</p><p>775533</p>",
    "pairs": "<p>verification code is:</p><p>93 75 11</p><p>Device ID</p><p>775533</p>",
    "pairs_with_dots": "<p>verification code is:</p><p>93.75.11</p><p>775533</p>",
    "zero_width": "<p>確認コード</p><p>937&#8203;511</p><p>775533</p>",
    "turned_round": "<p>確認コード</p><p>&#x202e;937511</p><p>775533</p>",
    "arabic": "<p>確認コード</p><p>١٢٣٤٥٦</p><p>775533</p>",
    "cells": "<p>確認コード</p><table><tr>"
    + "".join(f"<td>{digit}</td>" for digit in "9375112")
    + "</tr></table><p>775533</p>",
    "nearer": "<p>Use 93751122 as your verification code.</p><p>Taro</p><p>775533</p>",
    "farther": "<p>verification code:</p><p>775533</p><p>Taro</p><p>93751122</p>",
    "old": "<p>Ignore the previous verification code: 775533.</p>"
    "<p>Your new one is 937511.</p>",
    "old_ja": "<p>以前の確認コード: 775533 は使えません</p><p>新しい番号は937511</p>",
}


@pytest.mark.parametrize("text", OF_ANOTHER_FORM.values(), ids=OF_ANOTHER_FORM)
def test_a_number_of_another_form_where_the_code_should_be_is_not_passed_over(
    text: str,
) -> None:
    assert reasons(signed(Mail(body=html(text)))) == (Reason.CODES_DISAGREE,)


def test_a_code_that_is_void_is_not_shown() -> None:
    text = "Ignore the previous verification code: 775533."

    assert is_unknown(signed(Mail(body=plain(text))))


@pytest.mark.parametrize(
    "text",
    [
        "<p>Your verification code of Nov 21 2026 is:</p><p>937511</p>",
        "<p>Your verification code is 937511. It expires in 600 seconds.</p>",
    ],
)
def test_a_number_that_stands_in_no_place_of_a_code_hides_none(text: str) -> None:
    assert code_in(html(text)) == "937511"


@pytest.mark.parametrize(
    "text",
    [
        "<p>Never share your OTP with anyone.</p><p>Amazon, Bengaluru - 560055</p>",
        "<p>Never share your verification code.</p><p>Call (0800) 363 846</p>",
        "<p>Your carbon footprint in 2026: 775533 tons</p>",
        "<p>Your verification code is in the app.</p><p>Device: Chrome<br>775533</p>",
        "<p>Your verification code is in the app.</p><p>Reference:</p><p>775533</p>",
        "<p>OTP sent to phone 775533</p>",
    ],
)
def test_a_number_that_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert is_unknown(signed(Mail(body=html(text))))


def test_text_and_html_have_to_show_the_same_code() -> None:
    body = alternatives(plain("確認コード: 111111"), html("<p>確認コード: 222222</p>"))

    assert reasons(signed(Mail(body=body))) == (Reason.CODES_DISAGREE,)


# What Amazon signed is told -----------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        "amazon.co.jp: サインイン試行のお知らせ",
        "amazon.co.jp: 新しいログインの確認",
        "Please confirm your sign in",
        "Amazon security alert: Sign-in attempt from a new device",
        "Amazonセキュリティ警告: サインイン試行がありました",
    ],
)
def test_account_mail_with_an_approval_page_is_told_whatever_its_subject(
    subject: str,
) -> None:
    raw = signed(Mail(subject=subject, body=plain(f"{ASKS}\n{LINK}")))

    assert reasons(raw) == (Reason.SUBJECT_UNKNOWN,)


@pytest.mark.parametrize(
    "subject",
    [
        *("amazon.com: Password recovery", "Your Amazon verification code"),
        *("amazon.co.jp: アクションが必要です: サインイン",),
        *("サインイン試行が承認されました", "amazon.co.jp: Sign-in attempt was denied"),
        "Amazonを装った不審なメール等にご注意ください",
    ],
)
def test_known_siblings_are_not_relevant_though_they_hold_such_a_page(
    subject: str,
) -> None:
    raw = signed(Mail(subject=subject, body=plain(f"{ASKS}\n{LINK}")))

    assert outcome(raw)[0] is NotRelevant


def test_other_account_mail_without_an_approval_page_is_not_relevant() -> None:
    raw = signed(Mail(subject="amazon.co.jp: ご注文の確認", body=plain("Hello")))

    assert outcome(raw)[0] is NotRelevant


def test_nothing_of_amazons_hides_that_fields_were_added() -> None:
    raw = b"Subject: x\r\n" + signed(Mail(body=plain(f"{ASKS}\n{LINK}")))

    assert outcome(raw)[0] is not Recognised
