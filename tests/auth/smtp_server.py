"""A real mail server on loopback that keeps what it is sent."""

import base64
import socketserver
import ssl
import threading
from email import message_from_bytes
from email.policy import default


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps each message as (sender, recipients, message); `certificate` offers STARTTLS, `refuses` every recipient."""

    daemon_threads = True

    def __init__(self, certificate=None, *, host="127.0.0.1", refuses=False):
        super().__init__((host, 0), _Talk)
        self.certificate, self.refuses = certificate, refuses
        self.got, self.passwords, self.encrypted = [], [], False
        self.port = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_ended):
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Talk(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        for raw in iter(self.rfile.readline, b""):
            line = raw.decode().strip()
            answer = getattr(self, line[:4].lower(), None)
            if answer is None:
                self.say("250 ok")
            elif answer(line) is False:
                return

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def ehlo(self, _line):
        offers = ["here", "SMTPUTF8", "8BITMIME", *(["STARTTLS"] if self.server.certificate else [])]
        for offer in offers:
            self.say(f"250-{offer}")
        self.say("250 AUTH PLAIN")

    def star(self, _line):
        self.say("220 go on")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.server.encrypted = True
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        return True

    def auth(self, line):
        self.server.passwords.append(base64.b64decode(line.split()[-1]).decode())
        self.say("235 welcome")

    def mail(self, line):
        self.sender, self.recipients = line.split("<")[1].split(">")[0], []
        self.say("250 ok")

    def rcpt(self, line):
        self.recipients.append(line.split("<")[1].split(">")[0])
        self.say("550 nobody of that name" if self.server.refuses else "250 ok")

    def data(self, _line):
        self.say("354 go on")
        message = message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n")), policy=default)
        self.server.got.append((self.sender, self.recipients, message))
        self.say("250 ok")

    def quit(self, _line):
        self.say("221 bye")
        return False
