"""Completion scripts for shells, from the arguments that the parser is built of.

No shell needs another program or library for them, nor is watcher started by Tab.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from watcher.cli.arguments import COMMANDS, COMMON, TOPICS, argument
from watcher.cli.usage import SHOW_HELP
from watcher.i18n import Language

WITH_VALUE = frozenset({None, "store", "append", "extend"})
"""The actions of argparse that take a value."""
FILE = "FILE"
"""The metavar of what is completed by the names of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What can be typed, and what can be typed after it."""

    flags: tuple[str, ...]
    """Empty: it is known by its place."""
    about: str
    metavar: str = ""
    """What its value is called; empty: it takes none."""
    words: tuple[str, ...] = ()
    """Its values, where there is a choice."""
    is_file: bool = False


def _arguments(command: str, names: str, language: Language) -> list[Argument]:
    return [_argument(command, name, language) for name in names.split()]


def _argument(command: str, name: str, language: Language) -> Argument:
    text, settings = argument(command, name)
    is_topic = name == "topic"
    words = (*TOPICS, *COMMANDS) if is_topic else settings.get("choices", ())
    metavar = settings.get("metavar", name.lstrip("-").upper())
    return Argument(
        flags=tuple(name.split("/")) if name.startswith("-") else (),
        about=text.say(language),
        metavar=metavar if settings.get("action") in WITH_VALUE else "",
        words=tuple(words),
        is_file=metavar == FILE,
    )


def _of_command(command: str, language: Language) -> list[Argument]:
    """Return everything that a command takes; "": what stands before it."""
    own = COMMANDS[command][1] if command else "--version"
    about = SHOW_HELP.say(language)
    shows_help = Argument(flags=("-h", "--help"), about=about)
    return [*_arguments(command, f"{own} {COMMON}", language), shows_help]


def _flags(given: list[Argument]) -> list[str]:
    return [flag for one in given for flag in one.flags]


def _bash(language: Language) -> Iterator[str]:
    yield from _BASH_HEAD.splitlines()
    for command in ("", *COMMANDS):
        given = _of_command(command, language)
        for one in given:
            if one.flags and one.metavar:
                pattern = "|".join(f'"{command} {flag}"' for flag in one.flags)
                does = "files=1" if one.is_file else f'words="{" ".join(one.words)}"'
                yield f"        {pattern}) is_value=1 {does} ;;"
    yield "    esac"
    yield '    [[ $is_value ]] || case "$command" in'
    for command in ("", *COMMANDS):
        given = _of_command(command, language)
        places = [one for one in given if not one.flags]
        words = [*_flags(given), *(word for one in places for word in one.words)]
        if not command:
            words += COMMANDS
        files = " files=1" if any(one.is_file for one in places) else ""
        yield f'        "{command}") words="{" ".join(words)}"{files} ;;'
    yield from _BASH_TAIL.splitlines()


_BASH_HEAD = """\
_watcher() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
    local command="" words="" files="" is_value="" place
    for ((place = 1; place < COMP_CWORD; place++)); do
        case "${COMP_WORDS[place]}" in
            --config) ((place++)) ;;
            -*) ;;
            *) command="${COMP_WORDS[place]}"; break ;;
        esac
    done
    case "$command $before" in"""
_BASH_TAIL = """\
    esac
    local IFS=$' \\t\\n'
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ $files && $word != -* ]]; then
        IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$word"))
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _watcher watcher"""


def _zsh(language: Language) -> Iterator[str]:
    yield "#compdef watcher"
    yield "_watcher() {"
    yield "    local context state state_descr line"
    yield "    local -A opt_args"
    yield "    local -a commands"
    yield "    _arguments -C \\"
    for one in _of_command("", language):
        yield from (f"        {spec} \\" for spec in _zsh_specs(one))
    yield "        '1:command:->command' '*::argument:->argument'"
    yield '    case "$state" in'
    yield "        command)"
    yield "            commands=("
    for command, (text, _) in COMMANDS.items():
        yield f"                {_quoted(f'{command}:{text.say(language)}')}"
    yield "            )"
    yield "            _describe command commands ;;"
    yield "        argument)"
    yield '            case "$line[1]" in'
    for command in COMMANDS:
        specs = (_zsh_specs(one) for one in _of_command(command, language))
        said = " ".join(spec for each in specs for spec in each)
        yield f"                {command}) _arguments {said} ;;"
    yield "            esac ;;"
    yield "    esac"
    yield "}"
    yield 'if [[ "$funcstack[1]" == _watcher ]]; then'
    yield '    _watcher "$@"'
    yield "else"
    yield "    compdef _watcher watcher"
    yield "fi"


def _zsh_specs(one: Argument) -> Iterator[str]:
    """Yield what `_arguments` takes of an argument."""
    values = "_files" if one.is_file else f"({' '.join(one.words)})"
    about = re.sub(r"([\[\]:\\])", r"\\\1", one.about)
    for flag in one.flags:
        value = f":{one.metavar}:{values}" if one.metavar else ""
        yield _quoted(f"{flag}[{about}]{value}")
    if not one.flags:
        yield _quoted(f"*:{one.metavar}:{values}")


def _fish(language: Language) -> Iterator[str]:
    yield "complete -c watcher -f"
    for command, (text, _) in COMMANDS.items():
        about = _fish_quoted(text.say(language))
        yield f"complete -c watcher -n __fish_use_subcommand -a {command} -d {about}"
    yield from _fish_lines(_of_command("", language), "")
    for command in COMMANDS:
        seen = f" -n '__fish_seen_subcommand_from {command}'"
        yield from _fish_lines(
            _arguments(command, COMMANDS[command][1], language), seen
        )


def _fish_lines(given: list[Argument], condition: str) -> Iterator[str]:
    for one in given:
        names = " ".join(_fish_name(flag) for flag in one.flags)
        values = f" -a {_fish_quoted(' '.join(one.words))}" if one.words else ""
        how = "" if not one.metavar else " -r -F" if one.is_file else f" -x{values}"
        if not one.flags:
            how = " -F" if one.is_file else values
        if names or how:
            line = " ".join(filter(None, (f"complete -c watcher{condition}", names)))
            yield f"{line}{how} -d {_fish_quoted(one.about)}"


def _fish_name(flag: str) -> str:
    return f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"


def _powershell(language: Language) -> Iterator[str]:
    yield from _POWERSHELL_HEAD.splitlines()
    for command in ("", *COMMANDS):
        given = _of_command(command, language)
        pairs = [(flag, one.about) for one in given for flag in one.flags]
        pairs += [(word, "") for one in given if not one.flags for word in one.words]
        if not command:
            pairs += [
                (name, text.say(language)) for name, (text, _) in COMMANDS.items()
            ]
        yield f"        '{command}' = @("
        for word, about in pairs:
            yield f"            @('{word}', {_powershell_quoted(about or word)}),"
        # A list of one list would be taken apart.
        yield "            @('', '')"
        yield "        )"
    yield from _POWERSHELL_TAIL.splitlines()


_POWERSHELL_HEAD = """\
Register-ArgumentCompleter -Native -CommandName watcher -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $known = @{"""
_POWERSHELL_TAIL = """\
    }
    $command = ''
    foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
        $given = $element.ToString()
        if ($given -eq $wordToComplete) { break }
        if ($known.ContainsKey($given)) { $command = $given; break }
    }
    foreach ($pair in $known[$command]) {
        if ($pair[0] -and $pair[0].StartsWith($wordToComplete)) {
            [System.Management.Automation.CompletionResult]::new(
                $pair[0], $pair[0], 'ParameterValue', $pair[1])
        }
    }
}"""


def _quoted(text: str) -> str:
    """Return a word of bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


SCRIPTS: Mapping[str, Callable[[Language], Iterator[str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
    "powershell": _powershell,
}
"""The lines of the script of each shell."""
