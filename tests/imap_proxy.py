"""Stands between a client and a server: records, delays, cuts, swallows."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class Proxy:
    """Passes bytes on until it is told otherwise; each new connection passes again."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.sent = bytearray()
        """All that clients sent."""
        self.received_count = 0
        """How many bytes clients received."""
        self.piece_bytes = 64 * 1024
        """The most that is passed on at once."""
        self.latency_s = 0.0
        self.is_refusing = False
        """Close new connections at once."""
        self.connection_count = 0
        self.overhear: Callable[[bytes], None] = lambda _: None
        """Called with all that clients are about to receive."""
        self._swallowing: set[socket.socket] = set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection."""
        for sock in self._forget_pairs():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def reset(self) -> None:
        """Close every connection with RST."""
        for sock in self._forget_pairs():
            with suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                sock.shutdown(socket.SHUT_RD)
            sock.close()

    def swallow(self) -> None:
        """Let every open connection go dead without a word."""
        for pair in self._pairs:
            self._swallowing.update(pair)

    def _forget_pairs(self) -> list[socket.socket]:
        pairs, self._pairs = self._pairs, []
        return [sock for pair in pairs for sock in pair]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            if self.is_refusing:
                client.close()
                continue
            self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.append((client, server))
        for source, sink in ((client, server), (server, client)):
            is_client = source is client
            threading.Thread(
                target=self._pump, args=(source, sink, is_client), daemon=True
            ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, is_client: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(self.piece_bytes):
                if source in self._swallowing:
                    continue
                if is_client:
                    self.sent += data
                else:
                    self.received_count += len(data)
                    self.overhear(data)
                if self.latency_s:
                    time.sleep(self.latency_s)
                sink.sendall(data)
        if source not in self._swallowing:
            for sock in (source, sink):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
