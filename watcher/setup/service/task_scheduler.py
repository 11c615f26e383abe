"""A task of Windows' Task Scheduler: started when the user logs in.

The program is `pythonw.exe`, which opens no window. A task that failed is tried again;
and each five minutes one is started where none runs, since nothing promises that a
program which ended with an error has failed. Only a trigger for one user needs no
administrator. [MS-TSCH] §2.5, schtasks.exe.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from watcher.config.load import state_folder
from watcher.errors import ServiceFailed
from watcher.i18n import Text
from watcher.setup.service.base import DESCRIPTION, Command, Service, ask, call

NAME = "watcher"
_EXEC = re.compile(r"<Command>(.*)</Command>\s*<Arguments>(.*)</Arguments>")
_PYTHON = re.compile(r"python\.exe$", re.IGNORECASE)

_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{description}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition>
        <Interval>PT5M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


class ScheduledTask(Service):
    """A task of the user's own; its file is what it was made of."""

    title = Text(en="scheduled task", ja="タスクスケジューラのタスク")

    def __init__(self, command: Command, config: Path | None) -> None:
        interpreter, *others = command.words
        windowless = _PYTHON.sub("pythonw.exe", interpreter)
        super().__init__(replace(command, words=(windowless, *others)), config)

    @property
    def path(self) -> Path:
        """Where the file of the task lies, which only watcher reads again."""
        return state_folder() / "task.xml"

    def text(self) -> str:
        """Return the task, as `schtasks /create /xml` takes it in UTF-16."""
        names = map(os.environ.get, ("USERDOMAIN", "USERNAME"))
        program, *arguments = self._command.words
        facts = {
            "description": DESCRIPTION.en,
            "user": "\\".join(filter(None, names)),
            "program": program,
            "arguments": subprocess.list2cmdline(arguments),
        }
        return _TASK.format_map({name: escape(fact) for name, fact in facts.items()})

    def _decode(self, raw: bytes) -> str:
        return raw.decode("utf-16")

    def _encode(self, text: str) -> bytes:
        return text.encode("utf-16")

    def _command_in(self, written: str) -> Sequence[str]:
        found = _EXEC.search(written)
        return [unescape(found[1]), *unescape(found[2]).split()] if found else []

    def _is_there(self) -> bool:
        return super()._is_there() or self._query() is not None

    def _query(self) -> str | None:
        """Return the task that Windows has; None if it has none."""
        done = ask("schtasks", "/query", "/tn", NAME, "/xml")
        return None if done.returncode else done.stdout.replace("\0", "")

    def _problem(self) -> ServiceFailed | None:
        task = self._query()
        if task is None:
            return ServiceFailed(_GONE)
        is_off = "<Enabled>false</Enabled>" in task
        return ServiceFailed(_SWITCHED_OFF) if is_off else None

    def _register(self) -> None:
        file = str(self.path)
        call("schtasks", "/create", "/tn", NAME, "/xml", file, "/f")

    def _unregister(self) -> None:
        ask("schtasks", "/end", "/tn", NAME)
        ask("schtasks", "/delete", "/tn", NAME, "/f")

    def _start(self) -> None:
        call("schtasks", "/run", "/tn", NAME)


_GONE = Text(
    en="Windows has no such task any more. Make it anew with: watcher service install",
    ja="Windows にそのタスクがもうありません。次で登録しなおしてください: "
    "watcher service install",
)
_SWITCHED_OFF = Text(
    en="The task is there, but it is switched off. Switch it on with: watcher service "
    "install",
    ja="タスクはありますが、無効になっています。次で有効にできます: "
    "watcher service install",
)
