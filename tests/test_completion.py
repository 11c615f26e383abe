"""Tab completes command lines in each shell, and the script needs nothing else.

PowerShell does not run here: of its script only the quotes and brackets are checked.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.environment import Home, Running, pseudo_terminal
from tests.fakes import required_program
from watcher.cli.arguments import ARGUMENTS, COMMANDS, SHELLS, TOPICS
from watcher.cli.completion import INSTALL
from watcher.cli.shells import SCRIPTS
from watcher.errors import ExitCode
from watcher.i18n import Language

FLAGS = {
    command: [
        flag
        for name in names.split()
        for flag in name.split("/")
        if flag.startswith("--")
    ]
    for command, (_, names) in COMMANDS.items()
}
CASES = {
    "st": {"status"},
    "che": {"check"},
    "check --wa": {"--wait"},
    "help conf": {"config"},
    "completion z": {"zsh"},
    "classify sav": {"saved mail.eml"},
    "--config sav": {"saved mail.eml"},
    "check --config sav": {"saved mail.eml"},
    "--config saved.toml check --js": {"--json"},
    "check --wait ": set(),
    **{f"{command} --": set(flags) for command, flags in FLAGS.items() if flags},
}
"""What is completed, by what was typed."""
COMMON = {"--config", "--verbose", "--quiet", "--no-color", "--help"}


@pytest.fixture
def folder(home: Home) -> Path:
    """Return a folder with a saved mail and the scripts of the shells."""
    (home.folder / "saved mail.eml").touch()
    for shell in SHELLS:
        script = "\n".join(SCRIPTS[shell](Language.EN))
        (home.folder / shell).write_text(script, encoding="utf-8")
    return home.folder


def expected(typed: str) -> set[str]:
    completed = CASES[typed]
    return completed | COMMON if typed.endswith(" --") else completed


def output(program: str, script: str, folder: Path) -> set[str]:
    command = [required_program(program, package=program), "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return {line for line in done.stdout.splitlines() if line}


@pytest.mark.parametrize("typed", CASES)
def test_bash_completes(typed: str, folder: Path) -> None:
    words = ["watcher", *shlex.split(typed), *([""] if typed.endswith(" ") else [])]
    script = (
        f"source ./bash; COMP_WORDS=({shlex.join(words)}); "
        f"COMP_CWORD={len(words) - 1}; "
        "_watcher; printf '%s\\n' \"${COMPREPLY[@]}\""
    )

    assert output("bash", script, folder) == expected(typed)


@pytest.mark.parametrize("typed", CASES)
def test_fish_completes(typed: str, folder: Path) -> None:
    script = f"source ./fish; complete -C {shlex.quote(f'watcher {typed}')}"
    lines = output("fish", script, folder)

    found = {line.split("\t")[0] for line in lines}
    assert found - {"--version"} == expected(typed)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (typed, *completed)
        for typed, completed in CASES.items()
        if completed and not typed.endswith(" --")
    ],
)
def test_zsh_completes(typed: str, completed: str, folder: Path) -> None:
    zsh = required_program("zsh", package="zsh")
    terminal, theirs = pseudo_terminal()
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [zsh, "-f", "-i"],
        cwd=folder,
        env={**environment, "HOME": str(folder)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shell = Running(process, terminal)
    try:
        setup = "autoload -Uz compinit; compinit -u -D; source ./zsh"
        told = "watcher() { print -r -- \"got: ${@[-1]}.\"; }; PS1=ready'> '"
        os.write(terminal, f"{setup}; {told}\n".encode())
        shell.await_text("ready> ")
        os.write(terminal, f"watcher {typed}\t\n".encode())
        shell.await_text(f"got: {completed}.")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("language", Language)
def test_the_script_knows_every_command_and_flag(
    shell: str, language: Language
) -> None:
    script = "\n".join(SCRIPTS[shell](language))

    for word in (*COMMANDS, *TOPICS, *SHELLS):
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", script), word
    for name in ARGUMENTS:
        for flag in name.split("/"):
            if flag.startswith("-"):
                short, long = f"-s {flag[1:]} ", f"-l {flag.lstrip('-')} "
                assert flag in script or (short in script or long in script), flag


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_understands_the_script_in_japanese(shell: str, home: Home) -> None:
    japanese = {"LANG": "ja_JP.UTF-8", "PYTHONUTF8": "1"}
    script = home.run("completion", shell, environment=japanese).out
    program = required_program(shell, package=shell)

    subprocess.run([program, "-n"], input=script.encode(), check=True)
    assert re.search("[ぁ-ん]", script)


@pytest.mark.parametrize("language", Language)
def test_quotes_and_brackets_of_the_script_of_powershell_are_paired(
    language: Language,
) -> None:
    script = "\n".join(SCRIPTS["powershell"](language))
    bare = re.sub(r"'(?:[^'\n]|'')*'|\"[^\"\n]*\"", "", script)

    assert not set("'\"") & set(bare)
    while pair := re.search(
        r"\(\s*[^(){}\[\]]*\)|\{[^(){}\[\]]*\}|\[[^(){}\[\]]*\]", bare
    ):
        bare = bare.replace(pair[0], "")
    assert not set("(){}[]") & set(bare)


def test_the_script_is_in_the_encoding_of_the_locale(home: Home) -> None:
    """In another one, the last byte of a character could swallow a quote."""
    japanese = {"LANG": "ja_JP.UTF-8", "PYTHONIOENCODING": "cp932"}

    done = home.run("completion", "powershell", environment=japanese, encoding="cp932")

    assert (done.code, done.err) == (ExitCode.OK, "")
    assert COMMANDS["check"][0].ja in done.out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_begins_by_how_to_install_it(shell: str, home: Home) -> None:
    done = home.run("completion", shell)
    lines = done.out.splitlines()
    how = INSTALL[shell].say(Language.EN).splitlines()

    assert (done.code, done.err) == (ExitCode.OK, "")
    start = 1 if shell == "zsh" else 0
    assert lines[start : start + len(how)] == [f"# {line}" for line in how]
    assert any(f"watcher completion {shell}" in line for line in how)
