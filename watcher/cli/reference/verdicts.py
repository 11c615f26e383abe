"""What the four verdicts and the three kinds mean for the user."""

from watcher.i18n import Text
from watcher.recognition.claim import Kind

VERDICTS = {
    "recognised": Text(
        en="A sign-in attempt of Amazon's, its sender proved. You are told, with the "
        "link or code that its kind carries.",
        ja="差出人が証明された、Amazon のサインイン試行です。種類に応じて、リンクか"
        "コードを付けて知らせます。",
    ),
    "unverified": Text(
        en="It reads like one and nothing speaks against it, but the proof could not "
        "be completed: DNS is silent, no signature came, one of your `relays` sent it "
        "on. You are told without link and code, five times an hour at most, then "
        "once in sum.",
        ja="サインイン試行らしく、疑わしい点もありませんが、証明を最後まで確かめられ"
        "ません(DNS の沈黙、署名がない、relays に書いた転送サービスから来た、など)。"
        "リンクもコードもなしで知らせます(1 時間に 5 通まで、その次はまとめて 1 回)。",
    ),
    "look_alike": Text(
        en="It passes itself off as one, or as Amazon's account mail, and something "
        "speaks against it. It is only logged, 200 an hour at most. But what a "
        "forwarder or filter may merely have altered is told without link and code, "
        "three times at most, while you wait (`watcher expect`, `check --wait`).",
        ja="Amazon のメールらしく見せていますが、何かが食い違います。記録だけします"
        "(1 時間に 200 件まで)。ただし、転送や迷惑メール対策で変わっただけかもしれない"
        "メールは、`watcher expect` や `check --wait` で待っている間にかぎり、リンクも"
        "コードもなしで 3 通まで知らせます。",
    ),
    "not_relevant": Text(
        en="Everything else, Amazon's other genuine mails included. Nothing is told.",
        ja="そのほかすべてです(Amazon のほかの本物のメールも)。何も知らせません。",
    ),
}
"""By the names that `classify --json` gives."""

KINDS = {
    Kind.APPROVAL: Text(
        en="It has the link to approve or deny. The link is shown.",
        ja="承認または否認のリンクがあります。リンクを示します。",
    ),
    Kind.CODE: Text(
        en="It has a verification code to type in where you sign in. The code is "
        "shown; the link in such a mail only denies, so it is not.",
        ja="サインインの画面に入力する確認コードがあります。コードを示します。この"
        "メールのリンクは拒否するためのものなので、示しません。",
    ),
    Kind.UNKNOWN: Text(
        en="Amazon verifiably sent it, but its form, link, subject or recipient is not "
        "as known. You are told with neither link nor code, five an hour at most.",
        ja="Amazon が送ったと証明されましたが、形、リンク、件名、宛先のどれかが知って"
        "いるものと違います。リンクもコードもなしで知らせます(1 時間に 5 通まで)。",
    ),
}

RULES = (
    Text(
        en="The mail's DKIM signature verifies on this computer. Its domain is the "
        "sender's own, and it covers the whole body and every header that is judged. "
        "A signature of amazonses.com is on anybody's mail and does not count. A tag "
        "before the subject, such as [SPAM], is taken off for that.",
        ja="DKIM 署名をこのパソコンで検証します。署名のドメインが差出人のドメインと"
        "同じで、本文の全体と、判定に使うすべてのヘッダーを覆っていなければなりません。"
        "amazonses.com の署名は誰のメールにも付くので、数えません。件名の前に [SPAM] や"
        "【迷惑メール】が付けられていれば、それを除いて検証します。",
    ),
    Text(
        en="It is written to you: the recipient is one of your `addresses`. Somebody "
        "could pass a genuine mail of theirs on to you.",
        ja="宛先が addresses にあるあなたのアドレスです。他人が、自分あての本物の"
        "メールを送りつけてくるかもしれないからです。",
    ),
    Text(
        en='Approval needs its own words: a link is shown only if "Approve or Deny" is '
        "what you press, or the sentence right before it, and only if it leads to the "
        "known page of an Amazon store.",
        ja="承認には、その言葉が要ります。リンクは、「承認または否認」という言葉その"
        "ものに付いているか、その文のすぐ後にあり、行き先が Amazon のストアの決まった"
        "ページであるときだけ示します。",
    ),
    Text(
        en="A code is shown only if it stands in its own place, or nothing else could "
        "be it.",
        ja="コードは、決まった場所にあるか、ほかに候補がないときだけ示します。",
    ),
    Text(
        en="What Amazon signed as a sign-in attempt is told in any case, even if its "
        "form is not known: then with neither link nor code.",
        ja="Amazon が署名したサインイン試行は、知らない形でも必ず知らせます。その"
        "ときは、リンクもコードも示しません。",
    ),
    Text(
        en="Letters that were swapped for look-alike or invisible ones are noticed.",
        ja="似た文字や見えない文字へのすりかえは見破ります。",
    ),
)
