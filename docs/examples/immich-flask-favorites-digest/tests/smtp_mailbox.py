"""A mail server that keeps what it is given; it speaks just enough SMTP for smtplib."""

from __future__ import annotations

import socketserver
import threading


class Mailbox(socketserver.ThreadingTCPServer):
    """`with Mailbox() as box: ...`: listens on `box.port`; `box.messages` are the texts of what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages: list[str] = []
        self.refuse = False

    @property
    def port(self) -> int:
        return self.server_address[1]

    def __enter__(self) -> Mailbox:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 mailbox")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                self._say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                self.server.messages.append("".join(lines).replace("\r\n", "\n"))
            if word == "QUIT":
                return self._say("221 bye")
            self._say("550 not here" if self.server.refuse and word == "RCPT" else "250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
