"""Finds DKIM keys in DNS, and remembers what DNS told and when it told nothing.

The only importer of dnspython. Safe from any thread: threads that ask for one name at
the same time share one question. What is remembered is kept by the boot clock, since
the wall clock may be set while an answer is kept.

- No answer in time: the name servers count as out. Nothing is asked for `RETRY_S`, then
  one question at a time finds out whether they are back.
- A failure (SERVFAIL, REFUSED) counts for its name, in pauses that grow while it fails
  (RFC 9520 §3.2) and end once nothing failed for `RETRY_S`. Of questions in vain only
  `IN_VAIN` go out in that time, except for a name that once had a key.
- A key whose TTL is over serves on while DNS fails (RFC 8767), until it was kept for
  `KEPT_S`. A missed attempt is likely then, and a key that was withdrawn in that very
  hour is not; who can keep DNS from us could also forge its answers. That there is no
  key, however, is believed for `ABSENT_S` only, and it ends a key that was kept.
- A signature that fails with a key that was kept may have been made with its successor:
  whoever checks it asks anew, each name once in `RENEW_S`.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from functools import partial
from typing import Any, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from watcher.clock import boottime_s, call_in_thread
from watcher.errors import Unreachable
from watcher.i18n import Text
from watcher.name_server import NameServer

# Else what reads a TXT record is imported when the first one comes.
dns.rdata.get_rdata_class(dns.rdataclass.IN, dns.rdatatype.TXT)  # type: ignore[no-untyped-call]  # it has no types

Lookup = Callable[[str], bytes | None]
"""Returns the TXT record of a name in lower case, None if there is none.

Raises:
    Unreachable: no name server gave an answer in time.
"""

RETRY_S = 4.5
"""How long name servers that fail are left alone: mails are judged again each 5 s."""

LONGEST_PAUSE_S = 30.0
"""How long a name is left alone that failed again and again."""

IN_VAIN = 10
"""Questions within `RETRY_S` to servers that fail; a flood has ever new names."""

KEPT_S = 3600.0
"""How long a key is kept, whatever its TTL, and whether DNS answers or not."""

RENEW_S = 60.0
"""How young an answer is as good as a new one."""

ABSENT_S = 60.0
"""How long the absence of a key is kept; few zones say less, and some say hours."""

REMEMBERED = 256
"""Names in each memory; those without a key never drive out those that have one."""

PAYLOAD_BYTES = 1232
"""What an answer by UDP may hold (RFC 6891): no network on the way takes less."""

_KEY = re.compile(rb"p\s*=")
"""What tells a key from other records (RFC 6376 §3.2: blanks may stand there)."""

_NO_EDNS = {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}

_MARGIN_S = 1.0
"""What a lookup may take beyond its time: dnspython counts by the wall clock."""

T = TypeVar("T")


class Trouble(Enum):
    """Why a question has no answer."""

    SILENCE = auto()
    FAILURE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What DNS says of a name: its record, None if there is none, and for how long."""

    record: bytes | None
    ttl_s: float
    is_validated: bool = False
    """Whether a server that is trusted checked it by DNSSEC (RFC 6840 §5.8)."""


Ask = Callable[[dns.name.Name], Answer | Trouble]
"""Asks DNS for the TXT record of a name."""


@dataclass(frozen=True, slots=True)
class _Kept:
    record: bytes | None
    since_s: float
    until_s: float
    is_validated: bool = False


@dataclass(frozen=True, slots=True)
class _Pause:
    began_s: float
    length_s: float

    def is_over(self, now_s: float) -> bool:
        return now_s - self.began_s >= self.length_s


def dns_keys(
    nameservers: Sequence[NameServer],
    timeout: timedelta,
    *,
    now_s: Callable[[], float] = boottime_s,
) -> "Keys":
    """Return what looks up keys in DNS and remembers them, for any thread.

    Args:
        nameservers: those that are asked; none: the system's resolvers.
        timeout: bound of one lookup, all tries together.
    """
    return Keys(NameServers(nameservers, timeout).ask, timeout, now_s)


class Keys:
    """The memory of one process; `ask` takes no longer than `timeout`."""

    def __init__(
        self, ask: Ask, timeout: timedelta, now_s: Callable[[], float]
    ) -> None:
        self._ask = ask
        self._bound_s = timeout.total_seconds() + _MARGIN_S
        self._now_s = now_s
        self._lock = threading.Lock()
        self._present: dict[dns.name.Name, _Kept] = {}
        self._absent: dict[dns.name.Name, _Kept] = {}
        self._failing: dict[dns.name.Name, _Pause] = {}
        self._in_vain_s: deque[float] = deque([float("-inf")] * IN_VAIN, IN_VAIN)
        self._silent_since_s: float | None = None
        self._under_way: dict[dns.name.Name, Future[Answer | Trouble]] = {}

    def find(self, text: str) -> bytes | None:
        """Return the record of a name, None if there is none (see `Lookup`)."""
        name = _name(text)
        if name is None:
            return None
        answer = self._find(name, lambda kept: self._now_s() < kept.until_s)
        if isinstance(answer, Answer):
            return answer.record
        with self._lock:
            kept = self._present.get(name)
            if kept and self._now_s() < kept.since_s + KEPT_S:
                return kept.record
        raise Unreachable(_NO_ANSWER, name=text)

    def find_anew(self, text: str) -> bytes | None:
        """Return the record of a name as DNS tells it now, or did just before.

        Raises:
            Unreachable: it does not; then a key that was kept proves nothing wrong.
        """
        name = _name(text)
        if name is None:
            return None
        answer = self._find(name, lambda kept: self._now_s() < kept.since_s + RENEW_S)
        if isinstance(answer, Answer):
            return answer.record
        raise Unreachable(_NO_ANSWER, name=text)

    def is_validated(self, text: str) -> bool:
        """Return whether the record that is kept of a name was checked by DNSSEC."""
        name = _name(text)
        with self._lock:
            kept = self._present.get(name) if name else None
        return kept is not None and kept.is_validated

    def _find(
        self, name: dns.name.Name, is_good: Callable[[_Kept], bool]
    ) -> Answer | Trouble:
        with self._lock:
            kept = self._present.get(name) or self._absent.get(name)
            if kept and is_good(kept):
                return Answer(kept.record, kept.until_s - self._now_s())
            question = self._under_way.get(name) or self._begin(name)
        return self._await(name, question) if question else Trouble.SILENCE

    def _begin(self, name: dns.name.Name) -> Future[Answer | Trouble] | None:
        """Ask in a thread of its own, unless it is not the time; return the answer."""
        if not self._may_ask(name, self._now_s()):
            return None
        self._under_way[name] = call_in_thread(partial(self._ask_and_note, name))
        return self._under_way[name]

    def _may_ask(self, name: dns.name.Name, now_s: float) -> bool:
        if self._silent_since_s is not None:
            return now_s - self._silent_since_s >= RETRY_S and not self._under_way
        pause = self._failing.get(name)
        is_quiet = now_s - self._in_vain_s[-1] >= RETRY_S
        if pause and not is_quiet and not pause.is_over(now_s):
            return False
        return name in self._present or now_s - self._in_vain_s[0] >= RETRY_S

    def _await(
        self, name: dns.name.Name, question: Future[Answer | Trouble]
    ) -> Answer | Trouble:
        try:
            return question.result(self._bound_s)
        except OSError:  # it hangs, or the system allows no more threads
            self._note(name, Trouble.SILENCE)
            return Trouble.SILENCE

    def _ask_and_note(self, name: dns.name.Name) -> Answer | Trouble:
        answer: Answer | Trouble = Trouble.FAILURE
        try:
            answer = self._ask(name)
        finally:
            self._note(name, answer)
        return answer

    def _note(self, name: dns.name.Name, answer: Answer | Trouble) -> None:
        with self._lock:
            self._under_way.pop(name, None)
            now_s = self._now_s()
            self._silent_since_s = now_s if answer is Trouble.SILENCE else None
            if isinstance(answer, Answer):
                self._note_answer(name, answer, now_s)
            elif answer is Trouble.FAILURE:
                before = self._failing.get(name, _Pause(now_s, RETRY_S / 2))
                length_s = min(2 * before.length_s, LONGEST_PAUSE_S)
                _remember(self._failing, name, _Pause(now_s, length_s))
                self._in_vain_s.append(now_s)

    def _note_answer(self, name: dns.name.Name, answer: Answer, now_s: float) -> None:
        longest_s = KEPT_S if answer.record else ABSENT_S
        until_s = now_s + min(answer.ttl_s, longest_s)
        kept = _Kept(answer.record, now_s, until_s, answer.is_validated)
        self._present.pop(name, None)
        self._failing.pop(name, None)
        _remember(self._present if answer.record else self._absent, name, kept)


def _name(text: str) -> dns.name.Name | None:
    try:
        return dns.name.from_text(f"{text}.")
    except dns.exception.DNSException:
        return None


def _remember(memory: dict[dns.name.Name, T], name: dns.name.Name, value: T) -> None:
    """Keep a value as the newest, and forget the oldest beyond `REMEMBERED`."""
    memory.pop(name, None)
    memory[name] = value
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]


class NameServers:
    """The name servers of a lookup, which share its time; for any thread.

    The one that answered goes first the next time, and one that was in vain last.
    """

    def __init__(self, configured: Sequence[NameServer], timeout: timedelta) -> None:
        self._configured = configured
        self._timeout_s = timeout.total_seconds()
        self._first: NameServer | None = None

    def ask(self, name: dns.name.Name) -> Answer | Trouble:
        """Ask for a TXT record, one server after the other; never raises."""
        deadline_s = time.monotonic() + self._timeout_s
        trouble = Trouble.SILENCE
        servers = self._in_order()
        for number, server in enumerate(servers):
            left_s = deadline_s - time.monotonic()
            share_s = left_s / (len(servers) - number)
            answer = _ask(server, max(share_s, 0.0), name)
            if isinstance(answer, Answer):
                self._first = server
                return answer
            if answer is Trouble.FAILURE:
                trouble = answer
        self._first = next(iter(servers[1:]), None)
        return trouble

    def _in_order(self) -> list[NameServer]:
        servers = servers_asked(self._configured)
        first = self._first
        at = servers.index(first) if first in servers else 0
        return servers[at:] + servers[:at]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What one name server does with a question; long answers need EDNS or TCP."""

    answers: bool
    has_edns: bool
    has_tcp: bool


def servers_asked(configured: Sequence[NameServer]) -> list[NameServer]:
    """Return the name servers that are asked: the configured, else the system's."""
    return list(dict.fromkeys(configured or _system_servers()))


def examine_server(server: NameServer, name: str, seconds: float) -> ServerFacts:
    """Ask one name server for a TXT record, by UDP and by TCP or TLS; never raises."""
    if server.tls_name is not None:
        by_tls = partial(dns.query.tls, server_hostname=server.tls_name)
        query = dns.message.make_query(f"{name}.", "TXT")
        answers = _try(by_tls, query, server, seconds) is not None
        return ServerFacts(answers, has_edns=answers, has_tcp=answers)
    plain = dns.message.make_query(f"{name}.", "TXT")
    edns = dns.message.make_query(f"{name}.", "TXT", use_edns=0, payload=PAYLOAD_BYTES)
    by_edns = _try(dns.query.udp, edns, server, seconds / 2)
    has_edns = by_edns is not None and by_edns.edns >= 0
    answers = has_edns or _try(dns.query.udp, plain, server, seconds / 2) is not None
    has_tcp = answers and _try(dns.query.tcp, plain, server, seconds) is not None
    return ServerFacts(answers, has_edns, has_tcp)


def _try(
    ask: Callable[..., dns.message.Message],
    query: dns.message.Message,
    server: NameServer,
    seconds: float,
) -> dns.message.Message | None:
    """Return the answer of a server that is in no trouble, None without one."""
    try:
        answer = ask(query, server.address, timeout=seconds, port=server.port)
    except (dns.exception.DNSException, OSError, EOFError, ValueError):
        return None  # ValueError: a name that no certificate can bear
    is_good = answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    return answer if is_good else None


def _system_servers() -> list[NameServer]:
    """Return the system's name servers, which change with the network."""
    try:
        resolver = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):  # there is no configuration
        return []
    return [NameServer(str(one), resolver.port) for one in resolver.nameservers]


def resolver_at(server: NameServer, seconds: float) -> dns.resolver.Resolver:
    """Return what asks this name server alone, and waits no longer for an answer."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.lifetime = seconds
    address, port, tls_name = server
    asked: dns.nameserver.AddressAndPortNameserver
    if tls_name is None:
        asked = dns.nameserver.Do53Nameserver(address, port)
    else:
        asked = dns.nameserver.DoTNameserver(address, port, tls_name)
    resolver.nameservers = [asked]
    if server.is_trusted:
        resolver.set_flags(dns.flags.RD | dns.flags.AD)
    return resolver


def _ask(
    server: NameServer,
    seconds: float,
    name: dns.name.Name,
    *,
    has_edns: bool = True,
) -> Answer | Trouble:
    """Ask one name server; a truncated answer comes again by TCP (RFC 7766 §5)."""
    resolver = resolver_at(server, seconds)
    if has_edns:
        resolver.use_edns(0, 0, PAYLOAD_BYTES)
    began_s = time.monotonic()
    try:
        answer = resolver.resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
        return Answer(None, ABSENT_S)
    except (dns.exception.DNSException, OSError) as error:
        left_s = seconds - (time.monotonic() - began_s)
        if has_edns and left_s > 0 and _knows_no_edns(error):
            return _ask(server, left_s, name, has_edns=False)
        return _trouble(error)
    records = {b"".join(record.strings) for record in answer}
    keys = [record for record in records if _KEY.search(record)]
    # of several, nobody knows which is meant (RFC 6376 §3.6.2.2)
    record = keys[0] if len(keys) == 1 else None
    is_validated = server.is_trusted and bool(answer.response.flags & dns.flags.AD)
    return Answer(record, answer.chaining_result.minimum_ttl, is_validated)


def _tries(error: Exception) -> Sequence[tuple[Any, ...]]:
    """Return what became of each try: server, by TCP, port, error, response."""
    tries: Sequence[tuple[Any, ...]] = getattr(error, "kwargs", {}).get("errors", ())
    return tries


def _knows_no_edns(error: Exception) -> bool:
    """Return whether an old server does not understand the question (RFC 6891 §7)."""
    responses = (response for *_, response in _tries(error) if response is not None)
    return any(one.rcode() in _NO_EDNS for one in responses)


def _trouble(error: Exception) -> Trouble:
    """Tell a server that cannot be reached from one that answers with a failure."""
    is_silent = all(
        isinstance(why, dns.exception.Timeout | OSError)
        for *_, why, _response in _tries(error)
    )
    return Trouble.SILENCE if is_silent else Trouble.FAILURE


_NO_ANSWER = Text(
    en="No name server answered the question for {name}.",
    ja="{name} を問い合わせたネームサーバーから応答がありません。",
)
