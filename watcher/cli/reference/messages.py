"""What the program may say that names a problem, and what to do about it."""

from watcher.i18n import Text

REMEDIES: tuple[tuple[Text, Text], ...] = (
    (
        Text(en="The configuration … cannot be read", ja="設定ファイル … を読めません"),
        Text(
            en="If it is not there yet, run `watcher init`. Otherwise correct what "
            "is named as the reason, or name another file with --config.",
            ja="まだなければ `watcher init` で作ります。あるなら、かっこの中の理由を"
            "直すか、--config で別のファイルを示します。",
        ),
    ),
    (
        Text(
            en="The configuration … can be changed by other users.",
            ja="設定ファイル … はほかの利用者が書きかえられます。",
        ),
        Text(
            en="Run the `chmod` that is shown.", ja="表示された `chmod` を実行します。"
        ),
    ),
    (
        Text(
            en="The configuration … cannot be used:",
            ja="設定ファイル … はこのままでは使えません:",
        ),
        Text(
            en="The lines below it are all there is to correct. See `watcher help "
            "config`.",
            ja="続く行が、直すところのすべてです。`watcher help config` も見てくださ"
            "い。",
        ),
    ),
    (
        Text(
            en="The configuration … is not valid TOML.",
            ja="設定ファイル … の … 行目(… 文字目)が正しくありません:",
        ),
        Text(
            en="Correct the line that is named; often a quote or bracket is not "
            "closed.",
            ja="示された行を直します。引用符やかっこの閉じ忘れが多いです。",
        ),
    ),
    (
        Text(
            en="The password file … cannot be read",
            ja="パスワードファイル … を読めません",
        ),
        Text(
            en="Create it there, or correct `password_file`; a relative path starts "
            "in the folder of the configuration.",
            ja="その場所に作るか、`password_file` を直します。相対パスは設定ファイル"
            "のフォルダーから数えます。",
        ),
    ),
    (
        Text(
            en="Others may read the password file …",
            ja="パスワードファイル … をほかの利用者が読めます。",
        ),
        Text(
            en="Run the `chmod 600` that is shown.",
            ja="表示された `chmod 600` を実行します。",
        ),
    ),
    (
        Text(
            en="The environment variable … is not set: export it first.",
            ja="環境変数 … がありません。先に設定してください。",
        ),
        Text(
            en="What starts at login does not see your shell's variables: use a "
            "keyring or `password_file`.",
            ja="ログイン時に始まるプログラムには、シェルの環境変数が見えません。キー"
            "リングか `password_file` に変えます。",
        ),
    ),
    (
        Text(
            en="… ended with status … and gave no …: try it by hand.",
            ja="… が終了コード … で失敗し、…を返しませんでした。",
        ),
        Text(
            en="Run the command of `password_command` or `token_command` yourself; its "
            "first line must be the password, or the token. What systemd starts at "
            "login cannot use sudo, nor a program from a snap: `systemctl --user edit "
            "watcher` shows how to allow it.",
            ja="`password_command` や `token_command` のコマンドを自分で実行し、"
            "1 行目にパスワードやトークンが出るか見ます。systemd がログイン時に始めた"
            "ものからは、sudo も snap のプログラムも使えません。使えるようにする方法は "
            "`systemctl --user edit watcher` で示されます。",
        ),
    ),
    (
        Text(
            en="… cannot be run (",
            ja="… を実行できません(",
        ),
        Text(
            en="Write the program with its whole path: what starts at login looks in "
            "fewer folders than your shell.",
            ja="プログラムをフルパスで書きます。ログイン時に始まるプログラムは、シェ"
            "ルより少ない場所しか探しません。",
        ),
    ),
    (
        Text(en="The keyring does not answer", ja="キーリングが応答しません"),
        Text(
            en="Unlock it, then try again.", ja="ロックを解除して、もう一度試します。"
        ),
    ),
    (
        Text(en="no keyring that could be used", ja="使えるキーリングがありません"),
        Text(
            en="Use `password_file` or `password_command`.",
            ja="`password_file` か `password_command` にします。",
        ),
    ),
    (
        Text(en="The keyring has no password", ja="キーリングにパスワードがありません"),
        Text(
            en="Run the `keyring set` that is shown, or `watcher init` again.",
            ja="表示された `keyring set` か、もう一度 `watcher init` を実行します。",
        ),
    ),
    (
        Text(en="… refuses the login of …", ja="… で … のログインが拒否されました"),
        Text(
            en="Many providers want an app password, not your usual one: see "
            "`watcher help providers`. Look also whether IMAP is on, and whether "
            "`user` is the whole address or the part before the @.",
            ja="ふだんのパスワードではなく、アプリパスワードが必要なサービスが多いで"
            "す(`watcher help providers`)。IMAP が有効か、`user` が @ の前だけか"
            "全体かも確かめます。",
        ),
    ),
    (
        Text(
            en="… takes no login of … for now: …",
            ja="… は今 … のログインを受け付けません: …",
        ),
        Text(
            en="Nothing: it is tried again by itself, within a minute. What stands "
            "behind the colon are the server's own words.",
            ja="何もしなくてかまいません。1 分以内に自動で試し直します。コロンの後ろ"
            "はサーバーの言葉です。",
        ),
    ),
    (
        Text(
            en="… is not known: check the host name in the configuration",
            ja="… が見つかりません。設定の host",
        ),
        Text(
            en="Correct its spelling; it may also mean that the network is down.",
            ja="綴りを直します。ネットワークが切れていても、こう出ることがあります。",
        ),
    ),
    (
        Text(en="… could not be looked up", ja="… のアドレスを調べられません。"),
        Text(
            en="Look at the network; it is tried again by itself.",
            ja="ネットワークを確かめます。自動で試し直します。",
        ),
    ),
    (
        Text(en="… port … cannot be reached", ja="… のポート … に届きません"),
        Text(
            en="Look at the network, VPN and firewall; it is tried again by itself.",
            ja="ネットワーク、VPN、ファイアウォールを確かめます。自動で試し直します。",
        ),
    ),
    (
        Text(
            en='… port … speaks no TLS at once: is it tls = "starttls" there?',
            ja='… のポート … は TLS で始まりません。tls = "starttls" を試してくだ'
            "さい。",
        ),
        Text(en='Write tls = "starttls".', ja='tls = "starttls" と書きます。'),
    ),
    (
        Text(
            en="The certificate of … comes from nobody this machine trusts",
            ja="… の証明書の発行者は信頼されていません。",
        ),
        Text(
            en="If it is your own server, name the issuer's certificate with "
            "`ca_file`. If it is not, somebody is in between: do not connect.",
            ja="自分のサーバーなら、発行者の証明書を `ca_file` に書きます。そうでな"
            "ければ、誰かが途中にいます。つながないでください。",
        ),
    ),
    (
        Text(en="The certificate of … has expired", ja="… の証明書は期限切れです。"),
        Text(
            en="Look at this computer's clock. If it is right, tell the server's "
            "operator.",
            ja="このパソコンの時計を確かめます。正しければ、サーバーの管理者に伝えま"
            "す。",
        ),
    ),
    (
        Text(
            en="… has no mailbox … that … may read: check mailboxes.",
            ja="… に … が読めるメールボックス … がありません。",
        ),
        Text(
            en="Correct the names in `mailboxes`.", ja="`mailboxes` の名前を直します。"
        ),
    ),
    (
        Text(
            en="… does not open the mailbox … for now: …",
            ja="… は今、メールボックス … を開けません: …",
        ),
        Text(
            en="Nothing: it is tried again by itself, and the others are watched. If "
            "it lasts, ask the server's operator.",
            ja="何もしなくてかまいません。自動で試し直し、ほかのメールボックスは見"
            "張っています。続くときはサーバーの管理者に尋ねます。",
        ),
    ),
    (
        Text(
            en="Another watcher (process …) already watches with the event log …",
            ja="別の watcher(プロセス …)が、もう記録ファイル … を使って",
        ),
        Text(
            en="It runs already: see `watcher status`.",
            ja="もう動いています。`watcher status` で確かめます。",
        ),
    ),
    (
        Text(
            en="The event log … cannot be written", ja="記録ファイル … に書きこめません"
        ),
        Text(en="Make room on the disk.", ja="ディスクを空けます。"),
    ),
    (
        Text(
            en="The event log … is no log of watcher, or it is damaged",
            ja="記録ファイル … は watcher の記録ではないか、壊れています",
        ),
        Text(
            en="Move that file away; a new one is made.",
            ja="そのファイルを別の場所へ移せば、新しく作られます。",
        ),
    ),
    (
        Text(
            en="The event log … is locked by another program.",
            ja="記録ファイル … はほかのプログラムが使用中です。",
        ),
        Text(
            en="Close the program that holds the file open. Meanwhile `watcher run` "
            "cannot tell new attempts, and does so as soon as it can.",
            ja="記録ファイルを開いているプログラムを終了します。`watcher run` はその"
            "あいだ新しい試行を知らせられず、使えるようになりしだい知らせます。",
        ),
    ),
    (
        Text(
            en="The event log … was written by a newer version of watcher.",
            ja="記録ファイル … は、より新しい watcher が書いたものです。",
        ),
        Text(en="Update watcher.", ja="watcher を更新します。"),
    ),
    (
        Text(
            en="There is no live attempt with an approval link",
            ja="承認リンクのある有効な試行がありません。",
        ),
        Text(
            en="It is over, or none came. Start the sign-in again and a new mail "
            "comes.",
            ja="期限切れか、まだ届いていません。サインインをやりなおすと、新しいメー"
            "ルが届きます。",
        ),
    ),
    (
        Text(en="No browser could be started.", ja="ブラウザーを起動できません。"),
        Text(
            en="Print the link with `watcher open --print` and open it by hand.",
            ja="`watcher open --print` でリンクを表示し、手で開きます。",
        ),
    ),
    (
        Text(
            en="The clipboard cannot be used from here.",
            ja="ここからはクリップボードを使えません。",
        ),
        Text(
            en="On Linux install wl-clipboard or xclip; or type the code in by hand.",
            ja="Linux では wl-clipboard か xclip を入れます。コードは手で入力しても"
            "かまいません。",
        ),
    ),
    (
        Text(
            en="There is no session bus to be reached",
            ja="セッションバスに接続できません",
        ),
        Text(
            en="It runs outside the desktop (ssh, cron), and tells you on the "
            "terminal, if there is one. Start it inside the desktop, or by "
            "`watcher service install`.",
            ja="デスクトップの外(ssh や cron)で動いています。ターミナルがあれば、そ"
            "こに知らせます。デスクトップの中で始めるか、`watcher service "
            "install` を使います。",
        ),
    ),
    (
        Text(
            en="the key could not be fetched: no name server answered",
            ja="ネームサーバーが応答せず、署名の鍵を取得できませんでした",
        ),
        Text(
            en="DNS does not answer. You can name other servers under [dkim] "
            "`nameservers`.",
            ja="DNS が応答しません。[dkim] の `nameservers` に別のネームサーバーを書"
            "けます。",
        ),
    ),
    (
        Text(
            en="the signature is wrong: forged, or changed on the way",
            ja="署名が正しくありません(偽造か、途中で改変されています)",
        ),
        Text(
            en="If you know the mail to be genuine, a service that sends your mail "
            "on may have changed it. If one writes a sender's name of its own "
            "(SimpleLogin, addy.io, Firefox Relay, Hide My Email), put its domain "
            "into `relays`: you are then told without link.",
            ja="本物だと分かっているなら、転送サービスが書きかえたのかもしれません。"
            "差出人を自分の名前に変える転送サービス(SimpleLogin、addy.io、Firefox "
            "Relay、メールを非公開など)なら、そのドメインを `relays` に書くと、リ"
            "ンクなしで知らせます。",
        ),
    ),
    (
        Text(en="may be over already", ja="もう期限切れかもしれません"),
        Text(
            en="Nobody knows the time left: hurry, look at Amazon's mail, and set "
            "the clock of this computer.",
            ja="残り時間が分かりません。急いで Amazon のメールを見ます。このパソコン"
            "の時計も合わせます。",
        ),
    ),
    (
        Text(
            en="An unexpected error ended watcher", ja="予期しないエラーで終了しました"
        ),
        Text(
            en="A bug: run it with --verbose and report what it prints.",
            ja="watcher の不具合です。--verbose を付けて実行し、表示を報告してくださ"
            "い。",
        ),
    ),
)
"""A part of the message, … for what differs each time, and the remedy."""
