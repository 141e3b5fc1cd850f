"""Plays DigitalMe: an API over a SQLite file, with its backups behind a token that runs out.

POST /auth/login answers {"token": ...}, a JWT (HS256). With it: GET and POST /api/backup,
GET /api/backup/health, POST /api/backup/test-recovery/NAME. GET /health needs none.
"""

import argparse
import base64
import errno
import hashlib
import hmac
import http.server
import json
import os
import re
import secrets
import sqlite3
import time

NAME = re.compile(r"digitalme_\d{8}_\d{6}\.db")


class Refusal(Exception):
    """What the caller is answered instead: a status and a reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Tokens:
    def __init__(self, seconds):
        self.key = secrets.token_bytes(32)
        self.seconds = seconds

    def sign(self, text):
        return encoded(hmac.digest(self.key, text, hashlib.sha256))

    def make(self, seconds):
        header = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        claims = encoded(json.dumps({"sub": "admin", "exp": time.time() + seconds}).encode())
        text = header + b"." + claims
        return (text + b"." + self.sign(text)).decode()

    def check(self, authorization):
        scheme, _, token = authorization.partition(" ")
        text, _, signature = token.encode().rpartition(b".")
        if scheme != "Bearer" or not hmac.compare_digest(signature, self.sign(text)):
            raise Refusal(401, "a token of POST /auth/login is needed")
        claims = text.split(b".")[1]
        padded = claims + b"=" * (-len(claims) % 4)
        if json.loads(base64.urlsafe_b64decode(padded))["exp"] <= time.time():
            raise Refusal(401, "the token has expired")


class Backups:
    def __init__(self, database, directory):
        self.database = database
        self.directory = directory

    def names(self):
        return sorted(filter(NAME.fullmatch, os.listdir(self.directory)), reverse=True)

    def describe(self, name):
        size = os.stat(os.path.join(self.directory, name)).st_size
        taken = time.strptime(name, "digitalme_%Y%m%d_%H%M%S.db")
        return {
            "fileName": name,
            "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", taken),
            "size": size,
            "formattedSize": f"{size / 1024:.1f} KB",
        }

    def list(self):
        return [self.describe(name) for name in self.names()]

    def health(self):
        backups = self.list()
        return {
            "totalBackups": len(backups),
            "formattedTotalSize": f"{sum(b['size'] for b in backups) / 1024:.1f} KB",
            "lastBackupTime": backups[0]["createdAt"] if backups else None,
        }

    def make(self):
        now = time.time()
        while os.path.exists(path := self.path_at(now)):
            now += 1
        part = path + ".part"
        try:
            # Says in plain words what open() of the library does not.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
            os.unlink(part)
            source = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=0.05)
            try:
                source.execute("VACUUM INTO ?", (part,))
            finally:
                source.close()
            os.rename(part, path)
        except (OSError, sqlite3.Error) as error:
            if os.path.exists(part):
                os.unlink(part)
            raise self.refusal_of(error) from error
        return self.describe(os.path.basename(path))

    def path_at(self, moment):
        return os.path.join(
            self.directory, time.strftime("digitalme_%Y%m%d_%H%M%S.db", time.gmtime(moment))
        )

    @staticmethod
    def refusal_of(error):
        text = str(error)
        number = getattr(error, "errno", None)
        if "locked" in text:
            return Refusal(423, text)
        if number == errno.ENOSPC or "full" in text or "disk I/O" in text:
            return Refusal(507, text)
        if number in (errno.EACCES, errno.EPERM):
            return Refusal(403, text)
        return Refusal(500, text)

    def test_recovery(self, name):
        path = os.path.join(self.directory, name)
        if not NAME.fullmatch(name) or not os.path.exists(path):
            raise Refusal(404, f"there is no backup {name}")
        try:
            backup = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
            found = backup.execute("PRAGMA integrity_check").fetchone()[0]
            users = backup.execute("SELECT count(*) FROM Users").fetchone()[0]
            backup.close()
        except sqlite3.Error as error:
            return {"canRecover": False, "message": str(error)}
        return {"canRecover": found == "ok", "message": found, "users": users}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.respond(self.answer_get)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.respond(lambda: self.answer_post(body))

    def answer_get(self):
        if self.path == "/health":
            return 200, {"status": "Healthy", "users": self.server.users()}
        self.server.tokens.check(self.headers.get("Authorization", ""))
        if self.path == "/api/backup":
            return 200, self.server.backups.list()
        if self.path == "/api/backup/health":
            return 200, self.server.backups.health()
        raise Refusal(404, self.path)

    def answer_post(self, body):
        if self.path == "/auth/login":
            given = json.loads(body)
            if given != {"username": "admin", "password": self.server.password}:
                raise Refusal(401, "wrong name or password")
            return 200, {"token": self.server.tokens.make(self.server.tokens.seconds)}
        self.server.tokens.check(self.headers.get("Authorization", ""))
        if self.path == "/api/backup":
            return 201, self.server.backups.make()
        if self.path.startswith("/api/backup/test-recovery/"):
            return 200, self.server.backups.test_recovery(self.path.rpartition("/")[2])
        raise Refusal(404, self.path)

    def respond(self, work):
        try:
            status, answer = work()
        except Refusal as refusal:
            status, answer = refusal.status, {"error": str(refusal)}
        except OSError as error:
            status, answer = Backups.refusal_of(error).status, {"error": str(error)}
        except (sqlite3.Error, ValueError) as error:
            status, answer = 503, {"error": str(error)}
        text = json.dumps(answer).encode()
        said = answer.get("error", "") if isinstance(answer, dict) else ""
        self.server.note(f"{self.command} {self.path} {status} {said}".rstrip())
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class App(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        with open(options.password_file, encoding="utf-8") as file:
            self.password = file.read().strip()
        self.tokens = Tokens(options.token_seconds)
        self.backups = Backups(options.database, options.backups)
        # Open as long as it runs, as with a pool of connections.
        self.database = sqlite3.connect(options.database, check_same_thread=False)
        self.users()

    def users(self):
        return self.database.execute("SELECT count(*) FROM Users").fetchone()[0]

    @staticmethod
    def note(line):
        print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), line, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--backups", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--token-seconds", type=float, default=3600)
    parser.add_argument("--old-token", help="a file that gets a token that has expired")
    options = parser.parse_args()
    app = App(options)
    if options.old_token:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(options.old_token, flags, 0o600), "w") as file:
            file.write(app.tokens.make(-1))
    app.serve_forever()


if __name__ == "__main__":
    main()
