"""The pages of the reference, each generated from what the program itself goes by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from watcher.app.lock import lock_path
from watcher.cli.context import journal_path
from watcher.cli.layout import Section
from watcher.cli.reference import config_keys, hook, oauth2
from watcher.cli.reference.json_keys import JSON_KEYS, JSON_NOTES
from watcher.cli.reference.messages import REMEDIES
from watcher.cli.reference.outcomes import EVENTS, EXIT_CODES, INTERRUPTED
from watcher.cli.reference.problems import problems, quotation
from watcher.cli.reference.security import SECURITY
from watcher.cli.reference.verdicts import KINDS, RULES, VERDICTS
from watcher.config.load import default_path, state_folder
from watcher.config.providers import HINTS, OBSTACLES, PRESETS
from watcher.i18n import Language, Text
from watcher.oauth.source import tokens_folder
from watcher.recognition.reasons import REASONS
from watcher.setup.service import service_here

NameT = TypeVar("NameT", bound=str)
Page = Callable[[Language], Iterable[Section]]


def _said(texts: Mapping[NameT, Text], language: Language) -> list[tuple[str, str]]:
    return [(name, text.say(language)) for name, text in texts.items()]


def _providers(language: Language) -> Iterator[Section]:
    entries = []
    for name, one in PRESETS.items():
        server = one.host and f"{one.host}:{one.port} ({one.tls})"
        source = one.source or _PROGRAMS.say(language)
        seen = f"{source} ({one.checked})" if one.checked else ""
        domains = " ".join(f"@{domain}" for domain in one.domains)
        lines = (one.title, server, domains, one.note.say(language), seen)
        entries.append((name, "\n".join(filter(None, lines))))
    yield Section(paragraphs=[_PROVIDERS.say(language)])
    yield Section(entries=entries)
    others = [f"@{domain}: {why.say(language)}" for domain, why in _others()]
    yield Section(title=_OTHER_DOMAINS.say(language), points=others)


def _others() -> Iterator[tuple[str, Text]]:
    """Yield what is told of domains without a preset, each sentence once."""
    texts = {**OBSTACLES, **HINTS}
    for text in dict.fromkeys(texts.values()):
        yield " @".join(one for one in texts if texts[one] is text), text


def _verdicts(language: Language) -> Iterator[Section]:
    yield Section(paragraphs=[_VERDICTS.say(language)])
    yield Section(entries=_said(VERDICTS, language))
    title = _KINDS.say(language)
    yield Section(title=title, entries=_said(KINDS, language))
    points = [rule.say(language) for rule in RULES]
    yield Section(title=_RULES.say(language), points=points)


def _reasons(language: Language) -> Iterator[Section]:
    yield Section(paragraphs=[_REASONS.say(language)])
    yield Section(entries=_said(REASONS, language))


def _messages(language: Language) -> Iterator[Section]:
    yield Section(paragraphs=[_MESSAGES.say(language)])
    for quoted, remedy in REMEDIES:
        yield Section(title=quoted.say(language), points=[remedy.say(language)])
    points = [quotation(text, language) for text in problems()]
    yield Section(title=_OTHERS.say(language), points=points)


def _files(language: Language) -> Iterator[Section]:
    configuration, journal = default_path(), journal_path(None)
    places = (
        (_CONFIGURATION, configuration),
        (_JOURNAL, journal),
        (_LOCK, lock_path(journal)),
        (_TOKENS, tokens_folder(state_folder())),
        (_SERVICE, service_here(None).path),
    )
    entries = [(str(path), text.say(language)) for text, path in places]
    yield Section(paragraphs=[_FILES.say(language)])
    yield Section(entries=entries)
    yield Section(points=[text.say(language) for text in _BESIDE])


def _events(language: Language) -> Iterator[Section]:
    yield Section(paragraphs=[_EVENTS.say(language)])
    yield Section(entries=_said(EVENTS, language))


def _json(language: Language) -> Iterator[Section]:
    yield Section(points=[note.say(language) for note in JSON_NOTES])
    for title, keys in JSON_KEYS.items():
        yield Section(title=title, entries=_said(keys, language))


def _exit_codes(language: Language) -> Iterator[Section]:
    entries = [
        (str(int(code)), text.say(language)) for code, text in EXIT_CODES.items()
    ]
    entries.append(("130", INTERRUPTED.say(language)))
    yield Section(paragraphs=[_EXIT_CODES.say(language)])
    yield Section(entries=entries)


def _security(language: Language) -> Iterator[Section]:
    for title, texts in SECURITY:
        points = [text.say(language) for text in texts]
        yield Section(title=title.say(language), points=points)


PAGES: Mapping[str, Page] = {
    "config": config_keys.page,
    "providers": _providers,
    "verdicts": _verdicts,
    "reasons": _reasons,
    "messages": _messages,
    "security": _security,
    "files": _files,
    "events": _events,
    "json": _json,
    "hook": hook.page,
    "oauth2": oauth2.page,
    "exit-codes": _exit_codes,
}
"""What each topic of `watcher help` prints."""

_PROVIDERS = Text(
    en='The names for provider = "…". They were made from public sources and have not '
    "been tried against the providers' servers; the last line of each names the source "
    "and when it was seen. If something is different, write host, port or tls: they "
    "come first.",
    ja='provider = "…" に書ける名前です。公開された資料から作ったもので、各社の実際の'
    "サーバーではまだ試していません(最後の行は、資料と、それを確かめた日です)。"
    "違っていたら host、port、tls を書けば、そちらが"
    "優先されます。",
)
_PROGRAMS = Text(
    en="known only from programs that log in there",
    ja="そこにログインするプログラムだけから分かったもの",
)
_OTHER_DOMAINS = Text(en="Other mail domains", ja="そのほかのドメイン")
_VERDICTS = Text(
    en="Each mail gets one of four verdicts. `watcher classify FILE` tells for a saved "
    "mail how its verdict is reached.",
    ja="メールの判定は四つのうちの一つです。保存したメールがなぜそう判定されるのかは、"
    "`watcher classify ファイル` で分かります。",
)
_KINDS = Text(en="Kinds of a recognised mail", ja="本物と判定したメールの種類(kind)")
_RULES = Text(en="The rules", ja="判定の規則")
_REASONS = Text(
    en="Why a mail is not recognised, or only as `unknown`. Scripts find the codes in "
    "the key `reasons`.",
    ja="本物と認めない理由、または `unknown` とする理由です。--json では `reasons` に"
    "このコードが入ります。",
)
_MESSAGES = Text(
    en="What watcher may say, and what to do then. … stands for what differs each "
    "time.",
    ja="watcher の表示と、そのときにすることです。… は、その場で変わる部分です。",
)
_OTHERS = Text(
    en="The others say themselves what to do:",
    ja="次のものは、すべきことを自分で示しています:",
)
_FILES = Text(
    en="Where everything lies on this computer, unless the configuration says "
    "otherwise.",
    ja="このパソコンでの置き場所です(設定で変えていなければ)。",
)
_CONFIGURATION = Text(
    en="The configuration. `--config FILE` or $WATCHER_CONFIG names another one. A "
    "relative path in it starts in its own folder.",
    ja="設定ファイルです。--config FILE か環境変数 WATCHER_CONFIG で別のファイルを"
    "示せます。中に書いた相対パスは、このファイルのフォルダーから数えます。",
)
_JOURNAL = Text(
    en="The event log, an SQLite file that only you can read. Beside it SQLite keeps "
    "files ending in -wal and -shm. `[log] path` names another file, and "
    "$WATCHER_STATE another folder for it.",
    ja="記録ファイル(SQLite)です。あなただけが読めます。隣に、-wal と -shm で終わる "
    "SQLite のファイルができます。[log] path で別のファイルを、環境変数 WATCHER_STATE "
    "で別のフォルダーを示せます。",
)
_LOCK = Text(
    en="The lock by which only one `watcher run` works on an event log.",
    ja="一つの記録ファイルで動く `watcher run` を一つだけにする、ロックのファイルで"
    "す。",
)
_TOKENS = Text(
    en="The tokens of `watcher oauth login`, a file for each login that only you can "
    "read; where the system encrypts them in a keyring, the file is empty.",
    ja="`watcher oauth login` のトークンのフォルダーです。ログインごとに、あなただけが"
    "読めるファイルがあります(システムのキーリングに入れたときは空です)。",
)
_SERVICE = Text(
    en="What starts watcher when you log in, after `watcher service install`.",
    ja="`watcher service install` のあと、ログイン時に watcher を始めるファイルです。",
)
_BESIDE = (
    Text(
        en="A file whose name ends in .damaged-… is a damaged event log that `watcher "
        "run` has moved out of the way: delete it if you do not need it.",
        ja=".damaged-… で終わるファイルは、壊れていた記録ファイルを `watcher run` が"
        "取りのけたものです。要らなければ消せます。",
    ),
    Text(
        en="Passwords lie where the configuration says: in a keyring, a file, a "
        "command or an environment variable, never in the configuration itself.",
        ja="パスワードは、設定に書いた場所(キーリング、ファイル、コマンド、環境変数)に"
        "あります。設定ファイルの中には置きません。",
    ),
)
_EVENTS = Text(
    en="What can happen. `watcher log` shows it in words; scripts find the name in the "
    "key `event`. Names are added, never changed.",
    ja="記録に残る出来事です。`watcher log` は言葉で、--json は次の名前で `event` に"
    "示します。名前は増えることはあっても、変わることはありません。",
)
_EXIT_CODES = Text(
    en="With several accounts each one is looked at, and the highest code wins.",
    ja="アカウントがいくつもあれば、すべてを調べ、いちばん大きいコードで終わります。",
)
