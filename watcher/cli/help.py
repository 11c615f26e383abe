"""`watcher help`: the reference, topic by topic, and the help of each command."""

import sys
from collections.abc import Iterator
from contextlib import suppress

from watcher.cli import parser
from watcher.cli.arguments import COMMANDS, TOPICS
from watcher.cli.layout import Section, lay_out
from watcher.cli.parser import Options
from watcher.cli.reference.pages import PAGES
from watcher.cli.terminal import PIPE_COLUMNS, Colour, columns, paint
from watcher.errors import ExitCode
from watcher.i18n import Language, Text

READABLE_COLUMNS = 100
"""The widest text: longer lines are hard to read."""


def run(options: Options) -> int:
    """Print a topic of the reference, the help of a command, or what topics are."""
    language, topic = options.language, options.topic
    if topic in COMMANDS:
        with suppress(SystemExit):  # argparse has printed it
            parser.parse([topic, "--help"], language)
        return ExitCode.OK
    sections = PAGES[topic](language) if topic else _topics(language)
    width = min(columns(sys.stdout) or PIPE_COLUMNS, READABLE_COLUMNS)
    for number, section in enumerate(sections):
        if number:
            print()
        if section.title:
            print(paint(section.title, Colour.STRONG, is_plain=options.no_color))
        for lines in lay_out(section, width):
            print(lines)
    return ExitCode.OK


def _topics(language: Language) -> Iterator[Section]:
    yield Section(paragraphs=[_TOPICS.say(language)])
    entries = [(name, text.say(language)) for name, text in TOPICS.items()]
    yield Section(title=_TITLE.say(language), entries=entries)
    entries = [(name, text.say(language)) for name, (text, _) in COMMANDS.items()]
    yield Section(title=_COMMANDS.say(language), entries=entries)


_TOPICS = Text(
    en="Type `watcher help` and one of these words, like: watcher help config",
    ja="`watcher help` のあとに、次の言葉を 1 つ付けてください(例: watcher help "
    "config)。",
)
_TITLE = Text(en="Topics", ja="項目")
_COMMANDS = Text(en="Commands", ja="コマンド")
