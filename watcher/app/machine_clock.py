"""Keeps what is known of this machine's clock over restarts, and logs its error once.

What was learned holds for this boot and stands in the event log, so that a command
knows what `watcher run` has learned, and neither logs what the other has logged.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from watcher.app.places import MACHINE_CLOCK
from watcher.clock import boot_id, boottime_s, is_synchronised
from watcher.events import EventName
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader
from watcher.timing.deadline import Machine, Times
from watcher.timing.error import ClockError
from watcher.timing.evidence import Evidence


def read_machine(now: datetime) -> Machine:
    """Read this machine's clocks, of which the wall clock shows `now`."""
    boot_s = boottime_s()
    return Machine(boot_s, now.timestamp() - boot_s, is_synchronised())


def read_error(journal: JournalReader, now: datetime) -> ClockError | None:
    """Return the error that some program has learned of; None: none is known."""
    facts = _known(journal, boot_id())
    return _error(Evidence.of(facts) if facts else Evidence(), read_machine(now))


def _known(journal: JournalReader, boot: str) -> dict[str, Any]:
    """Return what is stored of this boot, or of none that has a name."""
    facts = journal.session(MACHINE_CLOCK)
    return facts if facts.get("boot_id") == boot else {}


def _error(evidence: Evidence, machine: Machine) -> ClockError | None:
    error_s = evidence.error_s(machine)
    return None if error_s is None else ClockError(error_s)


class MachineClock:
    """Knows by verified mails whether this machine's clock is wrong."""

    def __init__(
        self,
        journal: Journal,
        machine: Callable[[datetime], Machine] = read_machine,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._journal = journal
        self._machine = machine
        self._boot_id = boot()
        self.evidence = Evidence()
        self._logged: str | None = None
        """The direction of the error that was logged; None: there is none."""
        self._load()

    def kept(self) -> Callable[[], None]:
        """Return what forgets all that is learned from now on."""
        before = self.evidence

        def restore() -> None:
            self.evidence = before

        return restore

    def learn(self, account: str, times: Times, now: datetime) -> None:
        """Learn from a mail whose Date is verified."""
        self._load()  # another program may have learned
        learned = self.evidence.learned(account, times, self._machine(now))
        if learned != self.evidence:
            self.evidence = learned
            self._store(self._logged)

    def error(self, now: datetime) -> ClockError | None:
        """Return the error; None: the clock is not known to be wrong."""
        return _error(self.evidence, self._machine(now))

    def log(self, error: ClockError | None, now: datetime) -> bool:
        """Log an error that no program has logged since it began; return whether so."""
        found = None if error is None else error.direction
        if found != self._logged:
            self._load()  # another program may have logged it
        if found == self._logged:
            return False
        with self._journal.transaction():
            if error is not None:
                self._journal.append(EventName.CLOCK_WRONG, at=now, detail=error.detail)
            self._store(found)
        self._logged = found
        return error is not None

    def _load(self) -> None:
        facts = _known(self._journal, self._boot_id)
        if not facts:
            return
        self._logged = facts["logged"]
        if self._boot_id:  # else these may be of an earlier boot
            self.evidence = Evidence.of(facts)

    def _store(self, logged: str | None) -> None:
        facts = {"boot_id": self._boot_id, "logged": logged}
        facts |= self.evidence.to_facts()
        self._journal.put_session(MACHINE_CLOCK, facts)
