"""`watcher` without a command: the help, and the way to a first configuration."""

import importlib

from watcher.cli.context import has_configuration
from watcher.cli.parser import Options, build, parse_into
from watcher.cli.terminal import accept
from watcher.cli.usage import speaking
from watcher.config.file import missing
from watcher.config.load import default_path
from watcher.errors import ExitCode
from watcher.i18n import Text


def run(options: Options) -> int:
    """Print the help; where there is no configuration yet, say so and offer `init`."""
    if not has_configuration(options):
        why = missing(options.config or default_path())
        print(why.say(options.language), end="\n\n", flush=True)
        if accept(_RUN_INIT.say(options.language)):
            return _run_init(options)
    with speaking(options.language):
        print(build(options.language).format_help(), end="")
    return ExitCode.OK


def _run_init(options: Options) -> int:
    command = importlib.import_module("watcher.cli.init")
    code: int = command.run(parse_into(options, ["init"]))
    return code


_RUN_INIT = Text(
    en="Run `watcher init` now? [Y/n]", ja="今 `watcher init` を実行しますか? [Y/n]"
)
