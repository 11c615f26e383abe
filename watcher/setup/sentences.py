"""What `watcher init` says and asks, in English and in Japanese."""

from watcher.i18n import Text

COMMA = Text(en=", ", ja="、")

# Before the first question

HELLO = Text(
    en="A few questions, and watcher is ready. Enter takes what stands in [brackets]. "
    "Ctrl-C ends this at any time, and changes nothing.\n",
    ja="いくつかの質問に答えると、watcher を使えるようになります。そのまま Enter を"
    "押すと [ ] の中の答えになります。Ctrl-C でいつでもやめられます"
    "(何も変わりません)。\n",
)
LEFT = Text(en="\nNothing was changed.", ja="\n何も変更していません。")
LEFT_WRITTEN = Text(
    en="\nThe configuration is written, and stays. What is left to do:\n"
    "{command} doctor --notify\n{command} service install",
    ja="\n設定は書き終わっているので、そのまま使えます。残りは次で行えます:\n"
    "{command} doctor --notify\n{command} service install",
)
IS_THERE = Text(
    en="There is a configuration already: {path}. It is kept as it is; --add adds one "
    "more account to it.",
    ja="設定ファイルがもうあります: {path}。そのまま残します。アカウントを増やすには "
    "--add を付けます。",
)
ADD = Text(en="Add one more account now?", ja="今、アカウントを一つ追加しますか?")
ANEW = Text(
    en="Put that file aside, and begin a new one?",
    ja="そのファイルをよけて、新しく作りますか?",
)
ASIDE = Text(
    en="   The former file lies there: {path}", ja="   前のファイルの写し: {path}"
)

# The mailbox

ADDRESS = Text(
    en="1. Your mail address",
    ja="1. メールアドレス",
)
PROVIDER = Text(en="   → {title} ({host})", ja="   → {title}({host})")
SERVER = Text(en="   → mail server {host}", ja="   → メールサーバー {host}")
HOST = Text(
    en="   The IMAP server of your mailbox (your provider's help names it; with its "
    "port, if that is not 993: imap.example.jp:143)",
    ja="   メールの IMAP サーバー名(メール会社の説明に書かれています。ポートが 993 で"
    "なければ imap.example.jp:143 のように書きます)",
)
USER = Text(en="   The user name for the login", ja="   ログインのユーザー名")
AMAZON_TOO = Text(
    en="2. Is {address} the address with which you sign in to Amazon?",
    ja="2. {address} は、Amazon に登録しているアドレスですか?",
)
AMAZON_ADDRESS = Text(
    en="   The addresses that Amazon knows (several: with commas)",
    ja="   Amazon に登録しているアドレス(複数なら「,」で区切る)",
)
NO_ADDRESS = Text(
    en="Write the whole address, like me@example.jp",
    ja="アドレス全体を me@example.jp のように書きます",
)
NOTHING = Text(en="Something is needed here", ja="何か入力する必要があります")
DID_YOU_MEAN = Text(
    en="   Do you mean {address}?", ja="   {address} の間違いではありませんか?"
)
NO_SUCH_HOST = Text(
    en="{host} cannot be found. See that the address and the server's name are right, "
    "and that this computer is online.",
    ja="{host} が見つかりません。アドレスとサーバー名のつづりと、パソコンが"
    "インターネットにつながっているかを確かめてください。",
)
NAME_TAKEN = Text(
    en="Another account has the name {name}: choose a different one with --name.",
    ja="{name} という名前のアカウントがもうあります。--name で別の名前にしてください。",
)
ADDED_BEFORE = Text(
    en="{user} at {host} is watched already.",
    ja="{host} の {user} は、もう見張っています。",
)

# The login

PAGE = Text(en="   You find it here: {page}", ja="   ここで作れます: {page}")
PASSWORD = Text(
    en="3. The password of {user} for mail programs\n"
    "   (nothing is shown while you type or paste it)",
    ja="3. {user} のメール用パスワード\n   (入力や貼り付けをしても、画面には出ません)",
)
PASSWORD_AGAIN = Text(
    en="3. The password of {user} for mail programs\n"
    "   (or Enter alone, to correct the address)",
    ja="3. {user} のメール用パスワード\n"
    "   (アドレスを直すときは、何も入力せずに Enter)",
)
CODE_ONLY = Text(
    en="   {title} takes no password: you log in with a code, in a browser. For that "
    "watcher needs the id of an application at Microsoft (`watcher help oauth2`).",
    ja="   {title} にはパスワードでログインできません。ブラウザーにコードを入力して"
    "ログインします。それには、Microsoft に登録したアプリケーションの ID が必要です"
    "(`watcher help oauth2`)。",
)
HAS_CLIENT_ID = Text(en="   Do you have such an id?", ja="   その ID を持っていますか?")
CLIENT_ID = Text(
    en="   The application id (client_id)", ja="   アプリケーションの ID(client_id)"
)
NO_USE_OF_ID = Text(
    en="An application id (--client-id) is of use with Outlook.com alone, and without "
    "a password: leave it out.",
    ja="アプリケーションの ID(--client-id)が使えるのは、Outlook.com で、パスワードを"
    "指定しないときだけです。外してください。",
)
BY_CODE = Text(
    en="3. The login of {user}, with a code:",
    ja="3. コードを使って {user} でログインします。",
)
EMPTY = Text(en="   It was empty.", ja="   空でした。")
FULL_WIDTH = Text(
    en="   It has full-width letters: switch the Japanese input off, and type it anew.",
    ja="   全角の文字が入っています。日本語入力をオフにして、入力しなおしてください。",
)
LOGGING_IN = Text(en="4. Logging in to {host} …", ja="4. {host} にログインしています…")
LOGGED_IN = Text(
    en="   It works. Watched are: {mailboxes}",
    ja="   ログインできました。見張るメールボックス: {mailboxes}",
)
PUSHED = Text(
    en="   The server tells of new mail at once (push).",
    ja="   新しいメールは、届くとすぐにわかります(プッシュ)。",
)
POLLED = Text(
    en="   The server is asked for new mail every few seconds.",
    ja="   新しいメールは、数秒おきに確かめます。",
)
BY_OPTION = Text(
    en="   To `watcher init` that is given by {options}.",
    ja="   `watcher init` では {options} で指定します。",
)
TRY_AGAIN = Text(en="   Try again?", ja="   もう一度試しますか?")
REVIEWING = Text(
    en="   Looking at the sign-in mails of the last 90 days …",
    ja="   過去 90 日のサインインのメールを調べ、watcher ならどうするかを示します…",
)
OFFER = Text(
    en="   Amazon also writes to {addresses} here. Are these yours, too?",
    ja="   Amazon は {addresses} 宛にも送っています。これもあなたのアドレスですか?",
)

# What is written

HEAD = Text(
    en="# Written by `watcher init`. What else can be set: watcher help config",
    ja="# watcher init が作りました。ほかの設定項目の一覧: watcher help config",
)
KEEPING = Text(
    en="   Keeping the password … If a window asks for the keyring's password, answer "
    "it within {seconds} seconds.",
    ja="   パスワードを保存しています … キーリングのパスワードをたずねるウィンドウが"
    "出たら、{seconds} 秒以内に答えてください。",
)
IN_KEYRING = Text(
    en="   The password is kept in this computer's keyring.",
    ja="   パスワードは、このパソコンのキーリング(資格情報の保管庫)に入れました。",
)
IN_FILE = Text(
    en="   No keyring of this computer could be used: there is none that works, or a "
    "window that asks for its password was not answered. The password is kept, as it "
    "is, in a file that only you can read: {path}",
    ja="   このパソコンのキーリングを使えませんでした(キーリングがないか、キーリングの"
    "パスワードをたずねるウィンドウに答えがありませんでした)。メールのパスワードは、"
    "あなただけが読めるファイルにそのまま入れました: {path}",
)
WRITTEN = Text(en="   The configuration: {path}", ja="   設定ファイル: {path}")
ADDED = Text(
    en="   The account was added to {path}; a copy of what it was: {copy}",
    ja="   アカウントを {path} に追加しました。元のファイルの写し: {copy}",
)

# What is proved in the end

DID_YOU_SEE = Text(
    en="5. A test notification is on the screen. Press its button, then Enter here. "
    "Did you see it?",
    ja="5. テストの通知を出しました。通知のボタンを押してから、ここで Enter を押して"
    "ください。通知は見えましたか?",
)
PROVED = Text(
    en="   Notification, button and browser work.",
    ja="   通知、ボタン、ブラウザーのどれも動いています。",
)
NOT_PRESSED = Text(
    en="   Its button was not pressed, or this desktop does not report it. Then the "
    "page opens with: watcher open",
    ja="   ボタンが押されなかったか、この環境では押したことが伝わりません。そのときは "
    "watcher open でページを開けます。",
)
UNSEEN = Text(
    en="   See whether notifications are switched on in the system's settings, and "
    "whether “do not disturb” is off. Then try again: watcher doctor --notify",
    ja="   システムの設定で通知が有効か、「おやすみモード(集中モード)」がオフかを"
    "確かめて、もう一度試してください: watcher doctor --notify",
)
NO_BROWSER = Text(
    en="   The button works, but the page did not open: {why}",
    ja="   ボタンは動きますが、ページを開けませんでした: {why}",
)
NO_DESKTOP = Text(
    en="5. No notification could be shown here; watcher will write to its terminal.",
    ja="5. ここでは通知を出せませんでした。watcher はターミナルに表示します。",
)
AT_LOGIN = Text(
    en="6. Start watcher now, and at each login?",
    ja="6. watcher を今すぐ始めて、ログインのたびに自動で始めますか?",
)
STARTED_BEFORE = Text(
    en="6. watcher runs, and starts at each login.",
    ja="6. watcher はもう動いていて、ログインのたびに始まります。",
)
RUNS = Text(
    en="   It runs now, and takes the new account up by itself.",
    ja="   今動いている watcher が、新しいアカウントも見張ります。",
)
STARTED = Text(
    en="   It is set up ({title}): {path}",
    ja="   登録しました({title}): {path}",
)
NO_SERVICE = Text(
    en="   That did not work: {why}",
    ja="   登録できませんでした: {why}",
)
READY = Text(
    en="\nReady. Now link the app, and wait for the notification.",
    ja="\n準備ができました。アプリの連携を始めて、通知を待ってください。",
)
NOT_RUNNING = Text(
    en="\nThe settings are ready, but nothing is watched yet. Before you link the app, "
    "start it with: {command} run",
    ja="\n設定はできましたが、まだ見張っていません。アプリの連携を始める前に、"
    "次のように始めてください: {command} run",
)
WHERE = Text(
    en="To be led through linking an app: {command} guide\n"
    "To change something: {config}\n"
    "To check everything: {command} doctor\n"
    "To remove it: {command} service uninstall, then delete {removed}",
    ja="アプリの連携を順に案内する: {command} guide\n"
    "設定を変える: {config}\n"
    "動作を確かめる: {command} doctor\n"
    "やめる: {command} service uninstall のあと、{removed} を消します",
)
