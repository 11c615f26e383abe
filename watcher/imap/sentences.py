"""What the connection, the login and the commands of IMAP may fail of, in words."""

from watcher.i18n import Text

UNKNOWN_HOST = Text(
    en="{host} is not known: check the host name in the configuration, and whether "
    "this computer is online.",
    ja="{host} が見つかりません。設定の host と、このパソコンがインターネットに"
    "つながっているかを確かめてください。",
)
OFFLINE = Text(
    en="{host} cannot be found: is this computer online? Check its network.",
    ja="{host} が見つかりません。このパソコンはインターネットにつながっていますか。"
    "ネットワークを確かめてください。",
)
NO_NAME_SERVER = Text(
    en="{host} could not be looked up: the network or its name server is away.",
    ja="{host} のアドレスを調べられません。ネットワークか DNS が応答していません。",
)
REFUSED = Text(
    en="{host} refuses port {port}: check host and port, or the server is down.",
    ja="{host} のポート {port} への接続が拒否されました。host と port を"
    "確かめてください。サーバーが止まっているのかもしれません。",
)
NO_ROUTE = Text(
    en="{host} port {port} cannot be reached ({why}): is the network up?",
    ja="{host} のポート {port} に届きません({why})。ネットワークを確かめてください。",
)
NO_ANSWER = Text(
    en="{host} port {port} does not answer: check host, port and the network.",
    ja="{host} のポート {port} から応答がありません。host と port、ネットワークを"
    "確かめてください。",
)
NOT_TLS = Text(
    en='{host} port {port} speaks no TLS at once: is it tls = "starttls" there?',
    ja="{host} のポート {port} は TLS で始まりません。"
    'tls = "starttls" を試してください。',
)
NO_TLS_ANSWER = Text(
    en='{host} port {port} does not answer in TLS: check port and tls ("starttls"?).',
    ja="{host} のポート {port} から TLS の応答がありません。port と tls を"
    "確かめてください。",
)
TLS_BROKEN = Text(
    en="TLS with {host} port {port} fails ({why}): check port and tls.",
    ja="{host} のポート {port} と TLS で接続できません({why})。port と tls を"
    "確かめてください。",
)
OLD_TLS = Text(
    en="{host} knows nothing newer than TLS 1.1, which is no longer safe: its operator "
    "must switch TLS 1.2 on. Until then let Amazon write to another address.",
    ja="{host} は TLS 1.1 以前にしか対応しておらず、安全につなげません。TLS 1.2 への"
    "対応をサーバーの管理者に求めてください。それまでは Amazon に登録した"
    "メールアドレスを別のものに変えてください。",
)
NO_CIPHER = Text(
    en="{host} has no safe encryption in common with this computer: its operator must "
    'switch ECDHE on. If it is SoftBank\'s, write provider = "softbank" and no host.',
    ja="{host} と共通の安全な暗号方式がありません。ECDHE への対応をサーバーの管理者に"
    '求めてください。ソフトバンクなら、host を消して provider = "softbank" と書いて'
    "ください。",
)
LEGACY = Text(
    en="{host} lacks secure renegotiation (RFC 5746) and is refused: its operator must "
    'update it. If it is docomo\'s, write provider = "docomo" and no host.',
    ja="{host} は安全な再ネゴシエーション(RFC 5746)に対応していないので、つなぎません。"
    "更新をサーバーの管理者に求めてください。ドコモなら、host を消して "
    'provider = "docomo" と書いてください。',
)
CUT = Text(
    en="The connection to {host} port {port} is cut off while encryption begins: look "
    "whether a firewall, virus scanner or proxy does it, or try another network.",
    ja="{host} のポート {port} への接続が、暗号化を始めるところで切られました。"
    "ファイアウォール、ウイルス対策ソフト、プロキシを確かめるか、別のネットワークで"
    "試してください。",
)
WEB_PAGE = Text(
    en="A web page answers in place of {host} port {port}: log in to this network in a "
    "browser (as hotels and stations want it), or check host and port.",
    ja="{host} のポート {port} の代わりに Web ページが応答しました。ホテルや駅などの "
    "Wi-Fi ならブラウザーでログインしてください。そうでなければ host と port を"
    "確かめてください。",
)
EXPIRED = Text(
    en="The certificate of {host} has expired: its operator must renew it "
    "(or the clock of this machine is wrong).",
    ja="{host} の証明書は期限切れです。サーバーの管理者による更新が必要です"
    "(このパソコンの時計も確かめてください)。",
)
NOT_YET_VALID = Text(
    en="The certificate of {host} is not valid yet: check this machine's clock.",
    ja="{host} の証明書はまだ有効ではありません。このパソコンの時計を"
    "確かめてください。",
)
FOREIGN = Text(
    en="The certificate of {host} comes from nobody this machine trusts: "
    "name the issuer's certificate with ca_file, if it is your own server.",
    ja="{host} の証明書の発行者は信頼されていません。"
    "自分のサーバーなら、発行者の証明書を ca_file に書いてください。",
)
SELF_SIGNED = Text(
    en="The certificate of {host} is self-signed: if it is your own server, "
    "name that certificate with ca_file.",
    ja="{host} の証明書は自己署名です。"
    "自分のサーバーなら、その証明書を ca_file に書いてください。",
)
NOT_STRICT = Text(
    en="The certificate of {host}, or its issuer's, lacks what Python demands since "
    "3.13 ({why}): name the issuer's certificate with ca_file. All else is still "
    "verified.",
    ja="{host} の証明書か発行者の証明書に、Python 3.13 以降が求める項目がありません"
    "({why})。発行者の証明書を ca_file に書いてください。ほかの検証は"
    "そのまま行います。",
)
WRONG_NAME = Text(
    en="The certificate is not for {host}: use the name that it is made for.",
    ja="証明書が {host} のものではありません。証明書にある名前を host に"
    "書いてください。",
)
BAD_CERTIFICATE = Text(
    en="The certificate of {host} is not accepted ({why}): ask its operator.",
    ja="{host} の証明書を受け入れられません({why})。サーバーの管理者に尋ねてください。",
)
NO_GREETING = Text(
    en='{host} port {port} does not greet: is it tls = "implicit" there?',
    ja="{host} のポート {port} から最初の応答がありません。"
    'tls = "implicit" を試してください。',
)
NOT_IMAP = Text(
    en="{host} port {port} is no IMAP server: check host and port.",
    ja="{host} のポート {port} は IMAP サーバーではありません。host と port を"
    "確かめてください。",
)
HUNG_UP = Text(en="{host} closed the connection.", ja="{host} が接続を閉じました。")
SENT_AWAY = Text(
    en="{host} ended the connection: {said}", ja="{host} が接続を閉じました: {said}"
)
SILENT = Text(
    en="{host} stopped answering: the connection was given up.",
    ja="{host} から応答がなくなったので、接続を切りました。",
)
GARBLED = Text(
    en="{host} answered what is not IMAP: the connection was given up.",
    ja="{host} の応答が IMAP の形ではないので、接続を切りました。",
)
SEARCH_REFUSED = Text(
    en="{host} refuses to search the mailbox ({said}): trying again.",
    ja="{host} がメールボックスの検索を拒否しました({said})。もう一度試します。",
)
MISSING = Text(
    en="{host} has no mailbox {mailbox} that {user} may read: check mailboxes.",
    ja="{host} に {user} が読めるメールボックス {mailbox} がありません。"
    "mailboxes を確かめてください。",
)
REFUSED_MAILBOX = Text(
    en="{host} does not open the mailbox {mailbox} for now: {said}",
    ja="{host} は今、メールボックス {mailbox} を開けません: {said}",
)
NO_STARTTLS = Text(
    en='{host} offers no STARTTLS: set tls = "implicit" and its port, often 993.',
    ja='{host} は STARTTLS に対応していません。tls = "implicit" と port を'
    "試してください。",
)
CLEAR_TEXT = Text(
    en='tls = "none" is for this machine alone: on the way to {host} all could read.',
    ja='tls = "none" はこのパソコンの中のサーバーにだけ使えます。'
    "{host} には使えません。",
)
LOGIN_REFUSED = Text(
    en="{host} refuses the login of {user} ({said}): check user and password; "
    "many providers want an app password.",
    ja="{host} で {user} のログインが拒否されました({said})。user とパスワードを"
    "確かめてください。アプリパスワードが必要なサービスも多くあります。",
)
LOGIN_LATER = Text(
    en="{host} takes no login of {user} for now: {said}",
    ja="{host} は今 {user} のログインを受け付けません: {said}",
)
NO_LOGIN_WAY = Text(
    en="{host} offers no way to log in with this user name and password: try another "
    "tls.",
    ja="{host} には、ユーザー名とパスワードでログインする方法がありません。別の tls を"
    "試してください。",
)
NO_OAUTH2 = Text(
    en="{host} offers no login by OAuth2: remove auth, and name where the password is.",
    ja="{host} は OAuth2 のログインに対応していません。auth を消して、パスワードの"
    "取り出し方を書いてください。",
)
NO_TOKEN = Text(
    en="What {account} gets is no access token: the first line that token_command "
    "prints must be the token alone.",
    ja="{account} が受け取ったのはアクセストークンではありません。token_command の"
    "出力の 1 行目をトークンだけにしてください。",
)
TOKEN_REFUSED = Text(
    en="{host} refuses the access token of {user} ({why}). Run: watcher oauth login "
    "{typed}",
    ja="{host} で {user} のアクセストークンが拒否されました({why})。"
    "次を実行してください: watcher oauth login {typed}",
)
FOREIGN_TOKEN_REFUSED = Text(
    en="{host} refuses the access token of {user} ({why}): log in again with the "
    "program that token_command names.",
    ja="{host} で {user} のアクセストークンが拒否されました({why})。token_command の"
    "プログラムで、もう一度ログインしてください。",
)
NO_SECRET_IN_TIME = Text(
    en="The password of {account} did not come in time: unlock where it comes from.",
    ja="{account} のパスワードを時間内に取り出せませんでした。ロックされていたら"
    "解除してください。",
)
NO_TOKEN_IN_TIME = Text(
    en="The access token of {account} did not come in time: unlock where it comes "
    "from.",
    ja="{account} のアクセストークンを時間内に取り出せませんでした。ロックされていたら"
    "解除してください。",
)
