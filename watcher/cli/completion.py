"""`watcher completion`: what completes command lines in a shell, made of the parser.

It is printed in the encoding of the locale, in which the shell reads it.
"""

from watcher.cli.parser import Options
from watcher.cli.shells import SCRIPTS
from watcher.errors import ExitCode
from watcher.i18n import Text


def run(options: Options) -> int:
    """Print the file for a shell; its first lines say how to install it."""
    lines = [*SCRIPTS[options.shell](options.language)]
    # zsh finds its completions by their first line.
    tag = [lines.pop(0)] if lines[0].startswith("#compdef") else []
    how = INSTALL[options.shell].say(options.language).split("\n")
    print("\n".join((*tag, *(f"# {line}" for line in how), *lines)))
    return ExitCode.OK


INSTALL = {
    "bash": Text(
        en="To install it, add this line to ~/.bashrc and open a new terminal:\n"
        'command -v watcher >/dev/null && eval "$(watcher completion bash)"',
        ja="次の行を ~/.bashrc に書き足し、ターミナルを開きなおすと使えます:\n"
        'command -v watcher >/dev/null && eval "$(watcher completion bash)"',
    ),
    "zsh": Text(
        en="To install it, add this line to ~/.zshrc, below `compinit`, and open a new "
        'terminal:\ncommand -v watcher >/dev/null && eval "$(watcher completion zsh)"',
        ja="次の行を ~/.zshrc の `compinit` より下に書き足し、ターミナルを開きなおすと"
        '使えます:\ncommand -v watcher >/dev/null && eval "$(watcher completion zsh)"',
    ),
    "fish": Text(
        en="To install it, run this line once:\n"
        "watcher completion fish > ~/.config/fish/completions/watcher.fish",
        ja="次の行を一度実行すると使えます:\n"
        "watcher completion fish > ~/.config/fish/completions/watcher.fish",
    ),
    "powershell": Text(
        en="To install it, add this line to the file that $PROFILE names, and open a "
        "new window:\n"
        "watcher completion powershell | Out-String | Invoke-Expression",
        ja="次の行を $PROFILE が示すファイルに書き足し、ウィンドウを開きなおすと"
        "使えます:\nwatcher completion powershell | Out-String | Invoke-Expression",
    ),
}
"""How to install it, by shell."""
