"""The event log: what happened, for ever once each, and what must outlive a restart.

`Journal` is the door; `database` knows SQLite, `rows` how an event lies in it.
"""

from watcher.journal.log import Journal, NewEvent

__all__ = ["Journal", "NewEvent"]
