"""The tables of the event log, and what leads to them from older formats."""

FORMAT = 3
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
CREATE TABLE sessions (account TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
"""
_SHOWN = "CREATE TABLE shown (replaces_id INTEGER PRIMARY KEY, handle TEXT NOT NULL);"
_CLOCKS = (
    "CREATE TABLE clocks (account TEXT PRIMARY KEY, boot_id TEXT NOT NULL, "
    "least_s REAL NOT NULL, most_s REAL NOT NULL) WITHOUT ROWID;"
)
_SINCE_2 = (
    *(_SHOWN, _CLOCKS, "ALTER TABLE events ADD COLUMN recipient TEXT;"),
    "ALTER TABLE events ADD COLUMN is_deadline_known INTEGER;",
)
_SINCE_3 = (
    *(
        f"ALTER TABLE {table} ADD COLUMN {column} INTEGER;"
        for table in ("events", "deliveries")
        for column in ("boot", "at_boot")
    ),
    "ALTER TABLE deliveries ADD COLUMN is_daemon INTEGER;",
)
"""By what clock the instants of a row were read (`clock.BootClock`); who holds it."""
MIGRATIONS = {
    0: "".join((_SCHEMA, *_SINCE_2, *_SINCE_3)),
    1: "".join((*_SINCE_2, *_SINCE_3)),
    2: "".join(_SINCE_3),
}
"""What leads from an older format to this one."""
