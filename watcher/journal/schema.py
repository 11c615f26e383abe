"""The tables of the event log, and what leads to them from older formats."""

FORMAT = 5
"""`PRAGMA user_version` of the tables below."""

_SCHEMA = """
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, attempt_id INTEGER, at INTEGER NOT NULL,
  event TEXT NOT NULL, account TEXT, mailbox TEXT, uid_validity INTEGER, uid INTEGER,
  message_id TEXT, kind TEXT, store TEXT, masked TEXT, attempted_at INTEGER,
  received_at INTEGER, expires_at INTEGER, device TEXT, near TEXT,
  reasons TEXT NOT NULL, detail TEXT);
CREATE INDEX events_by_attempt ON events (attempt_id, event);
CREATE INDEX events_by_name ON events (event, at);
CREATE TABLE secrets (attempt_id INTEGER PRIMARY KEY, secret TEXT NOT NULL);
CREATE TABLE seen (key TEXT PRIMARY KEY, attempt_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE deliveries (attempt_id INTEGER PRIMARY KEY, claimed_at INTEGER NOT NULL);
CREATE TABLE cursors (account TEXT, mailbox TEXT, uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;
CREATE TABLE sessions (account TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID
"""
_SHOWN = "CREATE TABLE shown (replaces_id INTEGER PRIMARY KEY, handle TEXT NOT NULL)"
_CLOCKS = (
    "CREATE TABLE clocks (account TEXT PRIMARY KEY, boot_id TEXT NOT NULL, "
    "least_s REAL NOT NULL, most_s REAL NOT NULL) WITHOUT ROWID"
)
_SINCE_2 = (
    *(_SHOWN, _CLOCKS, "ALTER TABLE events ADD COLUMN recipient TEXT"),
    "ALTER TABLE events ADD COLUMN is_deadline_known INTEGER",
)
_SINCE_3 = (
    *(
        f"ALTER TABLE {table} ADD COLUMN {column} INTEGER"
        for table in ("events", "deliveries")
        for column in ("boot", "at_boot")
    ),
    "ALTER TABLE deliveries ADD COLUMN is_daemon INTEGER",
)
"""By what clock the instants of a row were read (`clock.BootClock`); who holds it."""

ODD = (
    "typeof(at) <> 'integer' OR is_open <> 1 OR event = 'attempt' AND "
    "(typeof(attempt_id) <> 'integer' OR attempt_id NOT BETWEEN 1 AND id OR "
    "typeof(expires_at) <> 'integer')"
)
"""Rows that no other query would find, though they may be of live attempts."""

ARMING = "event IN ('armed', 'disarmed')"

_OVER = (
    "EXISTS (SELECT 1 FROM events x WHERE x.attempt_id = {}.attempt_id "
    "AND x.event = 'expired')"
)
_NOTE_BOOT = (
    "WHEN typeof(new.boot) = 'integer' AND typeof(new.at_boot) = 'integer' BEGIN "
    "INSERT INTO boots VALUES (new.boot, new.at_boot, new.at_boot) "
    "ON CONFLICT DO UPDATE SET least = min(least, excluded.least), "
    "most = max(most, excluded.most) "
    "WHERE excluded.least < least OR excluded.most > most; END"
)
_SINCE_4 = (
    "CREATE TABLE boots (boot INTEGER PRIMARY KEY, least INTEGER, most INTEGER)",
    "INSERT INTO boots SELECT boot, min(at_boot), max(at_boot) FROM events "
    "WHERE typeof(boot) = 'integer' AND typeof(at_boot) = 'integer' GROUP BY boot",
    f"CREATE TRIGGER boot_inserted AFTER INSERT ON events {_NOTE_BOOT}",
    f"CREATE TRIGGER boot_updated AFTER UPDATE OF boot, at_boot ON events {_NOTE_BOOT}",
    "ALTER TABLE events ADD COLUMN is_open INTEGER",
    "UPDATE events AS e SET is_open = 1 WHERE e.event = 'attempt' "  # noqa: S608 -- constants
    f"AND NOT {_OVER.format('e')}",
    "CREATE TRIGGER attempt_begins AFTER INSERT ON events "  # noqa: S608 -- constants
    f"WHEN new.event = 'attempt' AND NOT {_OVER.format('new')} "
    "BEGIN UPDATE events SET is_open = 1 WHERE id = new.id; END",
    "CREATE TRIGGER attempt_ends AFTER INSERT ON events WHEN new.event = 'expired' "
    "BEGIN UPDATE events SET is_open = NULL "
    "WHERE attempt_id = new.attempt_id AND event = 'attempt'; END",
    "DELETE FROM deliveries WHERE attempt_id NOT IN (SELECT attempt_id FROM events "
    "WHERE is_open = 1 AND attempt_id IS NOT NULL)",
    "CREATE INDEX events_open ON events (is_open) WHERE is_open = 1",
    f"CREATE INDEX events_arming ON events (id) WHERE {ARMING}",
    f"CREATE INDEX events_odd ON events (id) WHERE {ODD}",
    "CREATE INDEX seen_by_attempt ON seen (attempt_id)",
)
"""So that no question takes longer the more was logged: which attempts are not over.

By triggers, since a program of an older version may still write to the file. By a
column and an index, since SQLite compares them: one damaged byte is found. And what
the wall clocks showed at each boot, by which the instants of its events were read.
"""
_SINCE_5 = (
    "CREATE TABLE untold (event_id INTEGER PRIMARY KEY, claimed_at INTEGER, "
    "boot INTEGER, at_boot INTEGER, is_daemon INTEGER)",
    "CREATE TRIGGER event_deleted AFTER DELETE ON events BEGIN "
    "DELETE FROM untold WHERE event_id = old.id; END",
)
"""The events that the user is still to be told of, and which program is about to."""
MIGRATIONS = {
    0: (*_SCHEMA.split(";"), *_SINCE_2, *_SINCE_3, *_SINCE_4, *_SINCE_5),
    1: (*_SINCE_2, *_SINCE_3, *_SINCE_4, *_SINCE_5),
    2: (*_SINCE_3, *_SINCE_4, *_SINCE_5),
    3: (*_SINCE_4, *_SINCE_5),
    4: _SINCE_5,
}
"""What leads from an older format to this one."""
