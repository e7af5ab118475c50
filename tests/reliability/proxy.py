"""A TCP proxy that does what networks do: refuse, cut, delay, say nothing. Between the server and S3 or PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from contextlib import suppress

CHUNK = 64 * 1024


class FaultProxy:
    """Listens on a port of 127.0.0.1 and passes on to `targets` (`(host, port)`, or the path of a Unix socket), to each
    in turn. What is changed holds for the connections there are, and for new ones:

    refuse      nobody is let in, and whoever is in is thrown out
    silent      connections are taken, but nothing goes through them
    latency     seconds that every piece of data waits, both ways
    cut_after   bytes that come back through a connection until it is cut; None: all
    """

    def __init__(self, *targets: tuple[str, int] | str) -> None:
        self.refuse = self.silent = False
        self.latency = 0.0
        self.cut_after: int | None = None
        self.connections = 0
        self._turn = itertools.cycle(targets)
        self._open: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._listener.close()

    def heal(self) -> None:
        """Everything goes through again."""
        self.refuse = self.silent = False
        self.latency, self.cut_after = 0.0, None

    def cut(self) -> None:
        """Throw everybody out, now."""
        done = threading.Event()

        def cut() -> None:
            for writer in list(self._open):
                writer.transport.abort()
            # The sockets are closed in the loop's next turn, in which this comes after them.
            self._loop.call_soon(done.set)

        self._loop.call_soon_threadsafe(cut)
        done.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        for writer in list(self._open):
            writer.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.refuse:
            writer.transport.abort()
            return
        target = next(self._turn)
        try:
            if isinstance(target, str):
                back, there = await asyncio.open_unix_connection(target)
            else:
                back, there = await asyncio.open_connection(*target)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, there}
        self._open |= pair
        try:
            await asyncio.gather(self._pump(reader, there), self._pump(back, writer, is_limited=True))
        except (OSError, asyncio.CancelledError):
            # Either side has gone: then so has the other.
            pass
        finally:
            for one in pair:
                one.transport.abort()
            self._open -= pair

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                    is_limited: bool = False) -> None:
        passed = 0
        while data := await reader.read(CHUNK):
            if self.latency:
                await asyncio.sleep(self.latency)
            while self.silent:
                await asyncio.sleep(0.02)
            if self.refuse:
                raise ConnectionResetError
            is_cut = is_limited and self.cut_after is not None and passed + len(data) > self.cut_after
            writer.write(data[:max(self.cut_after - passed, 0)] if is_cut else data)
            await writer.drain()
            if is_cut:
                raise ConnectionResetError
            passed += len(data)
        with suppress(OSError, RuntimeError):
            writer.write_eof()
