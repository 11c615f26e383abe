"""The sentences of the program that name a problem, found where they are declared."""

import re
from collections.abc import Iterator
from types import ModuleType

from watcher.app import browser, clipboard, lock
from watcher.cli.reference.messages import REMEDIES
from watcher.cli.retold import texts_in
from watcher.config import credentials, file, load, regular, secret_keys, toml
from watcher.i18n import Language, Text
from watcher.imap import provider_words, transport
from watcher.imap import sentences as imap_sentences
from watcher.journal import errors as journal_errors
from watcher.notify import apprise, ntfy
from watcher.oauth import outcome

MODULES: tuple[ModuleType, ...] = (
    *(file, regular, toml, load, secret_keys, credentials, imap_sentences, transport),
    *(provider_words, journal_errors, lock, browser, clipboard, ntfy, apprise),
    outcome,
)
"""Whose sentences all name a problem, and what to do about it."""


def problems() -> Iterator[Text]:
    """Yield each sentence that names its remedy itself, and so has no other."""
    seen: set[Text] = set()
    for module in MODULES:
        for text in texts_in(list(vars(module).values())):
            if text not in seen and is_message(text.en) and not _is_quoted(text):
                seen.add(text)
                yield text


def quotation(text: Text, language: Language) -> str:
    """Return a sentence with … for its fields."""
    sentence = text.ja if language is Language.JA else text.en
    return re.sub(r"\{[^}]*\}", "…", sentence)


def is_message(english: str) -> bool:
    """Return whether it is a sentence, and no name of a thing that stands in others."""
    return bool(set(english) & set(".,:;"))


def _is_quoted(text: Text) -> bool:
    sentence = quotation(text, Language.EN)
    return any(quoted.say(Language.EN) in sentence for quoted, _ in REMEDIES)
