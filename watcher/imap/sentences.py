"""What the user is told about a server that cannot be read; each names the remedy."""

from watcher.i18n import Text

UNKNOWN_HOST = Text(
    en="{host} is not known: check the host name in the configuration.",
    ja="{host} が見つかりません。設定の host を確かめてください。",
)
NO_NAME_SERVER = Text(
    en="{host} could not be looked up: the network or its name server is away.",
    ja="{host} を調べられません。ネットワークか DNS が応じません。",
)
REFUSED = Text(
    en="{host} refuses port {port}: check host and port, or the server is down.",
    ja="{host} がポート {port} を拒みました。host と port を確かめてください。"
    "サーバーが止まっているのかもしれません。",
)
NO_ROUTE = Text(
    en="{host} port {port} cannot be reached ({why}): is the network up?",
    ja="{host} のポート {port} に届きません ({why})。ネットワークを確かめてください。",
)
NO_ANSWER = Text(
    en="{host} port {port} does not answer: check host, port and the network.",
    ja="{host} のポート {port} が応じません。host、port、回線を確かめてください。",
)
NOT_TLS = Text(
    en='{host} port {port} speaks no TLS at once: is it tls = "starttls" there?',
    ja='{host} のポート {port} は TLS で始まりません。tls = "starttls" では?',
)
NO_TLS_ANSWER = Text(
    en='{host} port {port} does not answer in TLS: check port and tls ("starttls"?).',
    ja="{host} のポート {port} は TLS に応じません。port と tls を確かめてください。",
)
TLS_BROKEN = Text(
    en="TLS with {host} port {port} fails: {why}",
    ja="{host} のポート {port} との TLS に失敗しました: {why}",
)
EXPIRED = Text(
    en="The certificate of {host} has expired: its operator must renew it "
    "(or the clock of this machine is wrong).",
    ja="{host} の証明書は期限切れです。この PC の時計も確かめてください。",
)
NOT_YET_VALID = Text(
    en="The certificate of {host} is not valid yet: check this machine's clock.",
    ja="{host} の証明書はまだ有効ではありません。PC の時計を確かめてください。",
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
WRONG_NAME = Text(
    en="The certificate is not for {host}: use the name that it is made for.",
    ja="証明書が {host} のものではありません。証明書の名前を host に書いてください。",
)
BAD_CERTIFICATE = Text(
    en="The certificate of {host} is not accepted: {why}",
    ja="{host} の証明書を受け入れられません: {why}",
)
NO_GREETING = Text(
    en='{host} port {port} does not greet: is it tls = "implicit" there?',
    ja='{host} のポート {port} が挨拶しません。tls = "implicit" では?',
)
NOT_IMAP = Text(
    en="{host} port {port} is no IMAP server: check host and port.",
    ja="{host} のポート {port} は IMAP ではありません。設定を確かめてください。",
)
HUNG_UP = Text(en="{host} closed the connection.", ja="{host} が接続を閉じました。")
SENT_AWAY = Text(
    en="{host} ended the connection: {said}",
    ja="{host} が接続を終えました: {said}",
)
SILENT = Text(
    en="{host} has fallen silent: the connection is given up.",
    ja="{host} が応じなくなったので、接続を捨てました。",
)
GARBLED = Text(
    en="{host} answered what is not IMAP: the connection is given up.",
    ja="{host} の応答が IMAP になっていないので、接続を捨てました。",
)
MISSING = Text(
    en="{host} has no mailbox {mailbox} that {user} may read: check mailboxes.",
    ja="{host} に {user} が読めるメールボックス {mailbox} がありません。"
    "mailboxes を確かめてください。",
)
NO_STARTTLS = Text(
    en='{host} offers no STARTTLS: set tls = "implicit" and its port, often 993.',
    ja='{host} は STARTTLS 非対応です。tls = "implicit" と port を試してください。',
)
CLEAR_TEXT = Text(
    en='tls = "none" is for this machine alone: on the way to {host} all could read.',
    ja='tls = "none" はこの PC の中だけです。{host} には使えません。',
)
LOGIN_REFUSED = Text(
    en="{host} refuses the login of {user} ({said}): check user and password; "
    "many providers want an app password.",
    ja="{host} が {user} のログインを拒みました({said})。user とパスワードを"
    "確かめてください。アプリパスワードが要る事業者も多くあります。",
)
LOGIN_LATER = Text(
    en="{host} takes no login of {user} for now: {said}",
    ja="{host} は今 {user} のログインを受け付けません: {said}",
)
NO_LOGIN_WAY = Text(
    en="{host} offers no way to log in with this user name and password.",
    ja="{host} はこのユーザー名とパスワードで入る方法を持ちません。",
)
NO_SECRET_IN_TIME = Text(
    en="The password of {account} did not come in time: is its source locked?",
    ja="{account} のパスワードが時間内に得られません。ロックされていませんか。",
)
