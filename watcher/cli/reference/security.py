"""The security model: what is trusted, stored and sent."""

from watcher.i18n import Text

SECURITY = (
    (
        Text(en="What is never done", ja="決してしないこと"),
        (
            Text(
                en="watcher never approves and never visits the link. Only your own "
                "browser opens it, when you ask for it by the button or `watcher "
                "open`.",
                ja="watcher は承認せず、リンクを開くこともありません。開くのは、あなた"
                "がボタンか `watcher open` で頼んだときの、あなたのブラウザーだけで"
                "す。",
            ),
            Text(
                en="It changes nothing in a mailbox: EXAMINE and BODY.PEEK are all it "
                "uses. Unread mail stays unread; nothing is moved or deleted.",
                ja="メールボックスを変えません。使うのは EXAMINE と BODY.PEEK だけで"
                "す。未読は未読のまま、移動も削除もしません。",
            ),
        ),
    ),
    (
        Text(en="What is trusted", ja="何を信じるか"),
        (
            Text(
                en="A link or code is shown only after the mail's DKIM signature was "
                "verified on this computer.",
                ja="リンクやコードを示すのは、メールの DKIM 署名をこのパソコンで検証"
                "できたときだけです。",
            ),
            Text(
                en="The key for that comes from DNS, and DNSSEC is not checked here: "
                "your name server, and the way to it, are trusted. Whoever can forge "
                "its answers could pass off a mail as Amazon's, though never with a "
                "link that leads elsewhere than to Amazon's own page. Against that, "
                "name servers can be asked over TLS (`[dkim] nameservers = "
                '["tls://1.1.1.1"]`), `watcher doctor` tries each, and '
                "`watcher classify` tells where a resolver that cannot "
                "be impersonated says that DNSSEC confirms a key.",
                ja="検証の鍵は DNS から得ます。ここでは DNSSEC を確かめないので、ネーム"
                "サーバーとそこまでの経路は信じることになります。その答えを偽造できる人"
                "は、偽のメールを Amazon のものに見せられます。それでも、Amazon の"
                "ページ以外へ導くリンクが出ることはありません。備えとして、TLS で尋ねる"
                'ネームサーバーを書けます(`[dkim] nameservers = ["tls://1.1.1.1"]`)。'
                "`watcher doctor` は一つずつ確かめ、`watcher classify` は、なりすまし"
                "のできないリゾルバーが DNSSEC で確かめた鍵なら、そう示します。",
            ),
            Text(
                en="What your provider says (Authentication-Results) is read only "
                "under the name known for that provider, and can only refuse a mail. "
                "Outlook.com is the exception: it rewrites mails and so breaks their "
                "signatures, and there its word is taken as the proof.",
                ja="メール事業者の判定(Authentication-Results)は、事業者ごとに決まった"
                "名前のものだけを読み、本物と認めないためにだけ使います。例外は、メール"
                "を書きかえて署名を壊す Outlook.com で、ここでは事業者の判定を証明とし"
                "ます。",
            ),
            Text(
                en="TLS certificates are always verified. Without encryption watcher "
                "talks to servers on this computer only.",
                ja="TLS の証明書を必ず検証します。暗号化なしは、このパソコンの中の"
                "サーバーにだけ許します。",
            ),
            Text(
                en="A genuine mail does not mean that you started the sign-in: if "
                "somebody knows your password, Amazon sends a genuine mail. If it was "
                "not you, do not approve; open Amazon by yourself, change the "
                "password, and turn on two-step verification.",
                ja="本物のメールでも、あなたが始めたとは限りません。誰かがパスワードを"
                "知っていれば、Amazon は本物のメールを送ります。心当たりがなければ承認"
                "せず、自分で Amazon を開いてパスワードを変え、2 段階認証を有効にして"
                "ください。",
            ),
        ),
    ),
    (
        Text(en="What is stored", ja="何を残すか"),
        (
            Text(
                en="Passwords are fetched anew for each login, and stand in neither "
                "configuration nor event log. `watcher init` keeps one in the keyring "
                "of the desktop, or in a file that only you can read.",
                ja="パスワードはログインのたびに取り出します。設定や記録には書きません。"
                "`watcher init` は、パソコンのキーリングか、あなただけが読める"
                "ファイルに保存します。",
            ),
            Text(
                en="Bodies of mails are never stored. Live links and codes stand in "
                "the event log alone, which only you can read, and are removed when "
                "they expire; if `watcher run` is not running then, the next command "
                "that reads the log removes them.",
                ja="メールの本文は保存しません。有効なリンクとコードは、あなただけが"
                "読める記録ファイルの中だけにあり、期限が来れば消します。そのとき "
                "`watcher run` が動いていなければ、次に記録を読むコマンドが消します。",
            ),
            Text(
                en="A notification shows the code, and the link on a desktop that "
                "draws no buttons. If your desktop keeps a history of notifications, "
                "it is there too.",
                ja="通知にはコードが、ボタンの出ないデスクトップではリンクも出ます。"
                "デスクトップが通知の履歴を残す設定なら、そこにも残ります。",
            ),
        ),
    ),
    (
        Text(en="What is sent where", ja="どこに何を送るか"),
        (
            Text(
                en="To your mail server: the login, and what looks at new mail. "
                "Headers are looked at; only what may be such a mail is fetched whole.",
                ja="あなたのメールサーバーに: ログインと、新着を調べる命令。ヘッダーを"
                "見て、関係がありそうなメールだけを丸ごと取り寄せます。",
            ),
            Text(
                en="To your name server: the name of the mail server, and of the DKIM "
                "key of a mail's sender.",
                ja="DNS に: メールサーバーの名前と、差出人のドメインの DKIM の鍵の名"
                "前。",
            ),
            Text(
                en="To the push server that you named, if you named one: that there is "
                "an attempt, and the time left. The approval link only with `link = "
                "true`, a code never. The server can read it, and so can everybody who "
                "knows the topic: it is a password, and stands in no log. The server's "
                "certificate is verified, and a redirect is not followed. Other "
                "services than ntfy are reached by apprise, in a process of its own "
                "that gets no other secret.",
                ja="プッシュのサーバーに(書いたときだけ): 試行があることと残り時間。"
                "承認リンクは `link = true` のときだけで、コードは決して送りません。"
                "サーバーとトピックを知っている人は読めます。トピックはパスワードと同じ"
                "なので、記録には書きません。サーバーの証明書を検証し、転送先には"
                "送りません。ntfy 以外のサービスには、ほかの秘密を渡さない別のプロセス"
                "の apprise が送ります。",
            ),
            Text(
                en="To Microsoft's login server (login.microsoftonline.com), only for "
                'an account with auth = "oauth2" and no token_command: the '
                "application's id, and the token that renews the login. msal does so, "
                "in a process of its own.",
                ja="Microsoft のログインサーバー(login.microsoftonline.com)に"
                '(auth = "oauth2" で token_command のないアカウントだけ): アプリ'
                "ケーションの ID と、ログインを更新するトークン。別のプロセスの msal が"
                "送ります。",
            ),
            Text(
                en="To your own command under [hook], if you named one: the events, "
                "links and codes masked unless it says `secrets = true`.",
                ja="[hook] に書いた自分のコマンドに(書いたときだけ): 出来事。リンクと"
                "コードは `secrets = true` でなければ隠します。",
            ),
            Text(
                en="To your browser, when you ask for it: the link, through the "
                "desktop's portal where there is one. Where there is none it stands on "
                "the browser's command line, which other programs on this computer can "
                "read; `watcher doctor` tells which it is.",
                ja="あなたが頼んだときだけ、ブラウザーに: リンク。デスクトップの"
                "ポータルがあれば、それを通します。なければブラウザーの引数に書くので、この"
                "パソコンのほかのプログラムから見えます。どちらかは `watcher doctor` が"
                "示します。",
            ),
            Text(
                en="To the desktop of this computer: notifications. Nothing is sent to "
                "Amazon, to the makers of watcher, or to anybody else.",
                ja="このパソコンのデスクトップに: 通知。Amazon にも、watcher の作者に"
                "も、ほかの誰にも、何も送りません。",
            ),
        ),
    ),
)
"""Sections of the page: titles and what stands below them."""
