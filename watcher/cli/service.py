"""`watcher service`: starts watcher at login, in this platform's own way."""

from watcher.app.lock import how_to_stop
from watcher.cli.context import configuration
from watcher.cli.parser import Options
from watcher.cli.terminal import say, tell
from watcher.config.schema import secret_variables
from watcher.errors import ExitCode
from watcher.i18n import Text
from watcher.setup.service import service_here
from watcher.setup.service.base import Service


def run(options: Options) -> int:
    """Install, remove or judge it; with `--print` only print what it is about.

    Raises:
        ConfigError: what would be started has no usable configuration.
        ServiceFailed: it cannot be written, registered, started or removed.
    """
    service = service_here(options.config)
    if options.action == "status":
        return _tell_status(service, options)
    if options.print_only:
        is_install = options.action == "install"
        print(service.text().rstrip() if is_install else service.path)
    elif options.action == "install":
        _install(service, options)
    else:
        _uninstall(service, options)
    return ExitCode.OK


def _install(service: Service, options: Options) -> None:
    config = configuration(options)
    language = options.language
    for name in sorted(secret_variables(config)):
        tell(_VARIABLE.say(language, name=name))
    done = service.install()
    text = _INSTALLED if done.is_changed else _UNCHANGED
    say(text.say(language, title=service.title, path=service.path))
    if done.is_started:
        say(_STARTED.say(language))
    elif pid := service.running_pid():
        say((_GOES_ON if done.is_changed else _RUNS).say(language, pid=pid))
        if done.is_changed:
            say(how_to_stop(pid).say(language))


def _uninstall(service: Service, options: Options) -> None:
    language = options.language
    text = _REMOVED if service.uninstall() else _NOTHING_THERE
    say(text.say(language, path=service.path))
    if pid := service.running_pid():
        say(_STILL_RUNS.say(language, pid=pid))
        say(how_to_stop(pid).say(language))


def _tell_status(service: Service, options: Options) -> int:
    language, status = options.language, service.status()
    if status.starts_at_login:
        say(_STARTS.say(language, title=service.title, path=service.path))
    if status.problem:
        say(status.problem.say(language))
    pid = service.running_pid()
    say(_RUNS.say(language, pid=pid) if pid else _DOWN.say(language))
    return ExitCode.OK if status.starts_at_login else ExitCode.NOTHING


_VARIABLE = Text(
    en="The variable {name} of your shell may be missing after a login: better hand "
    "the password over with password_file, password_command or keyring.",
    ja="シェルの環境変数 {name} は、ログインのあとでは見えないことがあります。"
    "パスワードは password_file、password_command か keyring で渡してください。",
)
_INSTALLED = Text(
    en="watcher now starts when you log in ({title}): {path}",
    ja="ログインすると watcher が始まるようになりました({title}): {path}",
)
_UNCHANGED = Text(
    en="Nothing to change: watcher already starts when you log in ({title}): {path}",
    ja="変更はありません。ログインすると watcher が始まります({title}): {path}",
)
_STARTED = Text(en="It has been started.", ja="いま開始しました。")
_GOES_ON = Text(
    en="The watcher that runs now (process {pid}) goes on until you end it or log out; "
    "what was set up holds from the next login.",
    ja="いま動いている watcher(プロセス {pid})は、止めるかログアウトするまでそのまま"
    "続きます。登録した内容は次のログインから使われます。",
)
_RUNS = Text(
    en="watcher is running (process {pid}).",
    ja="watcher は動いています(プロセス {pid})。",
)
_DOWN = Text(
    en="watcher is not running now. `watcher run` starts it, and tells what is wrong.",
    ja="watcher はいま動いていません。`watcher run` で開始でき、問題があれば"
    "表示されます。",
)
_REMOVED = Text(
    en="watcher no longer starts when you log in. Removed: {path}",
    ja="ログインしても watcher は始まらなくなりました。消したファイル: {path}",
)
_NOTHING_THERE = Text(
    en="Nothing to remove: watcher was not set up to start when you log in.",
    ja="消すものはありません。watcher は自動で始まるように登録されていません。",
)
_STILL_RUNS = Text(
    en="The watcher that runs now (process {pid}) goes on until you end it or log out.",
    ja="いま動いている watcher(プロセス {pid})は、止めるかログアウトするまで続きます。",
)
_STARTS = Text(
    en="watcher starts when you log in ({title}): {path}",
    ja="ログインすると watcher が始まります({title}): {path}",
)
