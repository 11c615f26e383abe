"""`watcher` without a command: the help, and the way to a first configuration.

Windows' `watcher.cmd` makes it what a double click shows, in a window of its own.
"""

import importlib
import os
from pathlib import Path

from watcher.cli.context import has_configuration
from watcher.cli.parser import Options, build, parse_into
from watcher.cli.terminal import accept, say
from watcher.cli.usage import speaking
from watcher.config.file import missing
from watcher.config.home import NoHomeError
from watcher.config.load import default_path
from watcher.errors import ConfigError, ExitCode
from watcher.i18n import Text

CLICKED_IN = "WATCHER_CLICKED_IN"
"""The variable by which `watcher.cmd` names its folder when it was double-clicked."""


def run(options: Options) -> int:
    """Print the help; where there is no configuration yet, say so and offer `init`."""
    if folder := os.environ.get(CLICKED_IN):
        return _run_clicked(options, Path(folder))
    if not has_configuration(options):
        why = _lacking(options)
        print(why.say(options.language), end="\n\n", flush=True)
        can_make = not isinstance(why, NoHomeError)
        if can_make and accept(_RUN_INIT.say(options.language)):
            return _run(options, "init")
    with speaking(options.language):
        print(build(options.language).format_help(), end="")
    return ExitCode.OK


def _lacking(options: Options) -> ConfigError:
    """Return why there is no configuration."""
    try:
        return missing(options.config or default_path())
    except NoHomeError as error:
        return error


def _run_clicked(options: Options, folder: Path) -> int:
    """Set watcher up, or show how it stands; then tell how commands are typed."""
    code = _run(options, "status" if has_configuration(options) else "init")
    print()
    say(_TYPED_SO.say(options.language, folder=folder))
    return code


def _run(options: Options, name: str) -> int:
    command = importlib.import_module(f"watcher.cli.{name}")
    code: int = command.run(parse_into(options, [name]))
    return code


_RUN_INIT = Text(
    en="Run `watcher init` now? [Y/n]", ja="今 `watcher init` を実行しますか? [Y/n]"
)
_TYPED_SO = Text(
    en="To type a command like `watcher doctor`: open the folder {folder} in the "
    "Explorer, type `cmd` into its address bar, and press Enter.",
    ja="`watcher doctor` のようなコマンドを打つときは、エクスプローラーでフォルダー "
    "{folder} を開き、アドレス欄に cmd と打って Enter を押します。",
)
