"""Proves who signed a mail: `verify` on raw bytes, with the `keys` of the signer."""

from watcher.dkim.keys import Lookup, dns_lookup, memory_lookup, split_nameserver
from watcher.dkim.verify import verifier

__all__ = ["Lookup", "dns_lookup", "memory_lookup", "split_nameserver", "verifier"]
