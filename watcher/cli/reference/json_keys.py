"""What the keys of the JSON output mean, by what prints them."""

from collections.abc import Mapping

from watcher.i18n import Text

_VERSION = Text(
    en="Version of the format: 1. Keys are added, never renamed.",
    ja="形式の版で、1 です。キーは増えることはあっても、名前は変わりません。",
)
_KIND = Text(
    en='"approval", "code" or "unknown"; null if the mail is not recognised.',
    ja='"approval"、"code"、"unknown" のどれか。本物と認めていなければ null。',
)
_LINK = Text(
    en="The approval link; null unless the kind carries it.",
    ja="承認リンク。種類が approval でなければ null。",
)
_CODE = Text(
    en="The verification code; null unless the kind carries it.",
    ja="確認コード。種類が code でなければ null。",
)
_STORE = Text(en="The store, like amazon.co.jp.", ja="ストア(amazon.co.jp など)。")
_REASONS = Text(
    en="Why it is not recognised, as codes: see `watcher help reasons`.",
    ja="本物と認めない理由のコード。一覧は `watcher help reasons`。",
)
_ATTEMPTED = Text(
    en="When the sign-in was tried, by the mail's own Date; null if that is unusable.",
    ja="サインインが試みられた時刻(メール自身の Date)。使えなければ null。",
)
_EXPIRES = Text(en="When link or code ends.", ja="リンクやコードの期限。")
_DEVICE = Text(
    en="The device, in the mail's words.", ja="メールに書かれた端末(device)。"
)
_NEAR = Text(en="The place, in the mail's words.", ja="メールに書かれた場所。")
_ACCOUNT = Text(en="The account's name.", ja="アカウントの名前。")

JSON_NOTES = (
    Text(
        en="One JSON object a line, in UTF-8. Times are UTC in ISO 8601 with Z; what "
        "people are shown without --json is in the local time zone.",
        ja="1 行に 1 つの JSON を UTF-8 で出力します。時刻は UTC(末尾に Z の付く "
        "ISO 8601)です。--json を付けないときは、このパソコンの時間帯で表示します。",
    ),
    Text(
        en="`check` prints live links and codes, `log` masks them unless --reveal is "
        "given. Do not keep them, and do not open a link automatically.",
        ja="`check` は有効なリンクとコードをそのまま出力し、`log` は --reveal がなけれ"
        "ば隠します。保存したり、自動で開いたりしないでください。",
    ),
)

JSON_KEYS: Mapping[str, Mapping[str, Text]] = {
    "classify --json": {
        "v": _VERSION,
        "file": Text(
            en="The name as given (bytes that are no UTF-8 like `\\xff`); NAME#2 and "
            "so on for more mails of one file.",
            ja="指定した名前(UTF-8 でないバイトは `\\xff` の形)。1 つのファイルの 2 通"
            "目からは 名前#2 のようになります。",
        ),
        "verdict": Text(
            en="See `watcher help verdicts`.", ja="一覧は `watcher help verdicts`。"
        ),
        "kind": _KIND,
        "link": _LINK,
        "code": _CODE,
        "store": _STORE,
        "language": Text(
            en="The mail's language, like ja.", ja="メールの言語(ja など)。"
        ),
        "reasons": _REASONS,
        "authentication": Text(
            en='How the sender is proved: `result` ("pass", "fail", "none", '
            '"temperror"), `by` ("dkim": verified here; "provider"; null), `domain` '
            "and `detail`.",
            ja='差出人の証明。`result`("pass" "fail" "none" "temperror")、`by`'
            '("dkim" はここで検証、"provider" は事業者の判定、または null)、`domain`、'
            "`detail` があります。",
        ),
        "attempted_at": _ATTEMPTED,
        "expires_at": _EXPIRES,
        "device": _DEVICE,
        "near": _NEAR,
    },
    "check --json, log --json": {
        "v": _VERSION,
        "id": Text(en="The event's number.", ja="出来事の番号。"),
        "attempt_id": Text(
            en="What the events of one attempt share.",
            ja="同じ試行についての出来事に共通の番号。",
        ),
        "at": Text(en="When it happened.", ja="起きた時刻。"),
        "event": Text(
            en="What happened: see `watcher help events`.",
            ja="何が起きたか。一覧は `watcher help events`。",
        ),
        "account": _ACCOUNT,
        "mailbox": Text(
            en="The mailbox of the mail.", ja="メールのあるメールボックス。"
        ),
        "uid_validity": Text(
            en="UIDVALIDITY of the mailbox (RFC 3501).",
            ja="メールボックスの UIDVALIDITY(RFC 3501)。",
        ),
        "uid": Text(en="UID of the mail.", ja="メールの UID。"),
        "message_id": Text(en="Message-ID of the mail.", ja="メールの Message-ID。"),
        "kind": _KIND,
        "store": _STORE,
        "link": _LINK,
        "code": _CODE,
        "attempted_at": _ATTEMPTED,
        "received_at": Text(
            en="When the mail arrived, by its server.",
            ja="メールが届いた時刻(サーバーによる)。",
        ),
        "expires_at": _EXPIRES,
        "seconds_left": Text(
            en="Seconds until then, 0 at least; 0, too, where a clock is wrong.",
            ja="期限までの秒数(0 以上)。時計が狂っていて分からなければ 0。",
        ),
        "device": _DEVICE,
        "near": _NEAR,
        "reasons": _REASONS,
        "detail": Text(
            en="More on the event: a channel, a cause.",
            ja="出来事の詳細(通知を出した場所、原因など)。",
        ),
    },
    "status --json": {
        "v": _VERSION,
        "running": Text(
            en="Whether `watcher run` is running.", ja="`watcher run` が動いているか。"
        ),
        "pid": Text(en="Its process, or null.", ja="そのプロセスの番号、または null。"),
        "accounts": Text(
            en="A list, with the keys below for each account.",
            ja="アカウントの並び。それぞれに次のキーがあります。",
        ),
        "outcomes": Text(
            en="How many attempts `worked` and `failed`, as you said; `slowest_s`: the "
            "most seconds from mail to answer of those that worked, or null.",
            ja="伝えられた結果の数 `worked`(成功)と `failed`(失敗)。`slowest_s` は、"
            "成功したもののメールから応答までの最も長い秒数、または null。",
        ),
        "waiting": Text(
            en="The numbers of the live attempts that nobody has answered.",
            ja="まだ答えのない有効な試行の番号の並び。",
        ),
        "armed_until": Text(
            en="Until when you expect a sign-in; null if you do not.",
            ja="サインインを待つ期限。待っていなければ null。",
        ),
        "clock_wrong": Text(
            en="How this computer's clock is wrong; null if it is not known to be.",
            ja="このパソコンの時計のずれ。ずれが分かっていなければ null。",
        ),
        "configuration_since": Text(
            en="When the configuration that is at work was read; null if none is.",
            ja="今の設定を読んだ時刻。動いていなければ null。",
        ),
        "configuration_error": Text(
            en="What is wrong with the file as it was saved since; null if nothing is.",
            ja="そのあとで保存されたファイルの誤り。なければ null。",
        ),
    },
    "status --json, accounts": {
        "account": _ACCOUNT,
        "state": Text(
            en='"connecting", "catching_up", "watching", "backing_off", "refused" or '
            '"stopped".',
            ja='"connecting"、"catching_up"、"watching"、"backing_off"、"refused"、'
            '"stopped" のどれか。',
        ),
        "since": Text(en="Since when.", ja="その状態になった時刻。"),
        "mode": Text(
            en='How it learns of new mail: "push" or "poll".',
            ja='新着を知る方法。"push"(プッシュ)か "poll"(定期確認)。',
        ),
        "mode_reason": Text(en="Why that way.", ja="その方法である理由。"),
        "error": Text(en="The last error, or null.", ja="最後のエラー、または null。"),
        "next_try_at": Text(en="When it is tried again.", ja="次に試す時刻。"),
        "last_look_at": Text(
            en="The last time all was looked at; while an account is watched, it may "
            "have been up to two minutes later.",
            ja="最後に確認できた時刻。見張っている間、実際の最後の確認はこれより後の"
            "こともあります(2 分以内)。",
        ),
        "tls_quirk": Text(
            en='What its server alone is allowed of old TLS: "nothing", '
            '"legacy_renegotiation" or "static_rsa".',
            ja="そのサーバーだけに許す古い TLS。"
            '"nothing"、"legacy_renegotiation"、"static_rsa" のどれか。',
        ),
    },
    "doctor --json": {
        "v": _VERSION,
        "check": Text(
            en="What was checked: configuration, permissions, secret, dns, tls, login, "
            "capabilities, mailboxes, addresses, clock, dkim_key, notification, "
            "browser, log, service, disk, push, oauth.",
            ja="調べた点: configuration, permissions, secret, dns, tls, login, "
            "capabilities, mailboxes, addresses, clock, dkim_key, notification, "
            "browser, log, service, disk, push, oauth。",
        ),
        "account": Text(
            en="The account's name; null if it is about none.",
            ja="アカウントの名前。特定のアカウントの話でなければ null。",
        ),
        "verdict": Text(
            en='"pass", "warn", "fail" or "skip".',
            ja='"pass" "warn" "fail" "skip" のどれか。',
        ),
        "detail": Text(en="What was found.", ja="分かったこと。"),
        "remedy": Text(en="What to do about it.", ja="すること。"),
    },
}
