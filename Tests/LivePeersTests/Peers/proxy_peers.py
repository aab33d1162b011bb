"""WebSocket over HTTP/2 through nghttpx: a client that speaks HTTP/2 with it by extended CONNECT (RFC 8441), and behind it a server of
messages that speaks HTTP/1.1.

Usage: proxy_peers.py CERTIFICATE KEY SECRETS CLIENT. CLIENT is "frames", a client that cuts its frames where no frame ends, or "chromium".
Prints both ports as a JSON list, waits for a line, and prints what the client and the server counted, one JSON object each.
"""
import base64
import hashlib
import json
import os
import queue
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

CERTIFICATE, KEY, SECRETS, CLIENT = sys.argv[1:5]
TEXTS = [f"message {number} " * (1 + 20 * number) for number in range(16)]
SIZES = [1, 125, 126, 4_000, 20_000]

# Over its own connection of HTTP/2 the page asks for the socket. Chromium counts in code units; the texts are ASCII.
PAGE = """<!doctype html><meta charset="utf-8"><script>
const count = {text: 0, binary: 0, bytes: 0};
const socket = new WebSocket("wss://" + location.host + "/echo", "chat");
socket.binaryType = "arraybuffer";
const next = () => new Promise((done, failed) => { socket.onmessage = (event) => done(event.data); socket.onerror = failed; });
socket.onopen = async () => {
  for (const text of %s) { socket.send(text); count.text += 1; count.bytes += (await next()).length; }
  for (const size of %s) { socket.send(new Uint8Array(size).map((_, at) => at * at)); count.binary += 1; count.bytes += (await next()).byteLength; }
  count.extensions = socket.extensions;
  socket.onclose = () => fetch("/facts", {method: "POST", body: JSON.stringify(count)});
  socket.close(4001, "enough");
};
</script>""" % (json.dumps(TEXTS), json.dumps(SIZES))


class Server(socketserver.StreamRequestHandler):
    """Echoes messages, with permessage-deflate where the client offers it, and counts those it gets."""
    counts, posted = queue.Queue(), queue.Queue()

    def handle(self):
        while line := self.rfile.readline():
            headers = {}
            while (field := self.rfile.readline().strip()):
                name, value = field.decode().split(":", 1)
                headers[name.lower()] = value.strip()
            if "sec-websocket-key" in headers:
                return self.echo(headers)
            body = self.rfile.read(int(headers.get("content-length", 0)))
            if line.startswith(b"POST"):
                self.posted.put(body)
            page = PAGE.encode() if line.startswith(b"GET / ") else b""
            kind = b"text/html" if page else b"text/plain"
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(page), page))

    def echo(self, headers):
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        deflates = "permessage-deflate" in headers.get("sec-websocket-extensions", "")
        extension = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflates else b""
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: %b\r\n%b\r\n" % (accept, extension))
        inflater, deflater = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)
        got = {"text": 0, "binary": 0, "bytes": 0, "payload": 0}
        message, kind, packed = b"", 0, False
        while True:
            first, second = self.rfile.read(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(self.rfile.read(2 if length == 126 else 8), "big")
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[at & 3] for at, byte in enumerate(self.rfile.read(length)))
            opcode = first & 15
            if opcode == 8:
                self.wfile.write(bytes([0x88, len(data)]) + data)
                break
            if opcode == 9:
                self.wfile.write(bytes([0x8a, len(data)]) + data)
                continue
            if opcode:
                message, kind, packed = b"", opcode, first & 0x40
            message += data
            if not first & 0x80:
                continue
            got["payload"] += len(message)
            if packed:
                message = inflater.decompress(message + b"\0\0\xff\xff")
            got["text" if kind == 1 else "binary"] += 1
            got["bytes"] += len(message)
            if packed:
                message = (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
            length = len(message)
            size = bytes([length]) if length < 126 else struct.pack(">BH" if length < 65536 else ">BQ", 126 if length < 65536 else 127, length)
            self.wfile.write(bytes([0x80 | (0x40 if packed else 0) | kind]) + size + message)
        self.counts.put(got)


class FramesClient:
    """HTTP/2 by hand: one stream, headers without compression, windows given back as data come."""

    def __init__(self, port):
        context = ssl.create_default_context(cafile=CERTIFICATE)
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        context.keylog_filename = SECRETS
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
        self.stream, self.data, self.is_accepted, self.is_over = 1, b"", False, False
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(4, 0, 0, b""))
        while self.step() != 4:
            pass
        fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/echo?token=secret"),
                  (":authority", f"localhost:{port}"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")]
        block = b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)
        self.socket.sendall(self.frame(1, 4, self.stream, block))
        while not self.is_accepted:
            self.step()

    @staticmethod
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def read(self, count):
        found = b""
        while len(found) < count:
            piece = self.socket.recv(count - len(found))
            if not piece:
                raise SystemExit("nghttpx ended the connection")
            found += piece
        return found

    def step(self):
        head = self.read(9)
        payload = self.read(int.from_bytes(head[:3], "big"))
        kind, flags = head[3], head[4]
        if kind == 4 and not flags & 1:
            settings = {int.from_bytes(payload[at:at + 2], "big"): int.from_bytes(payload[at + 2:at + 6], "big") for at in range(0, len(payload), 6)}
            assert settings.get(8) == 1, "extended CONNECT is not offered"
            self.socket.sendall(self.frame(4, 1, 0, b""))
        elif kind == 1:
            assert payload[0] == 0x88, "the status is not 200"
            self.is_accepted = True
        elif kind == 0:
            self.data += payload
            if payload:
                grant = len(payload).to_bytes(4, "big")
                self.socket.sendall(self.frame(8, 0, 0, grant) + self.frame(8, 0, self.stream, grant))
        self.is_over = self.is_over or kind == 3 or kind == 0 and bool(flags & 1)
        return kind

    def send(self, *messages, cut):
        """Frames of WebSocket in frames of HTTP/2 of `cut` bytes, whatever begins or ends in them."""
        octets = b""
        for opcode, data in messages:
            size = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack(">BH", 0xfe, len(data))
            mask = os.urandom(4)
            octets += bytes([opcode]) + size + mask + bytes(byte ^ mask[at & 3] for at, byte in enumerate(data))
        for start in range(0, len(octets), cut):
            self.socket.sendall(self.frame(0, 0, self.stream, octets[start:start + cut]))

    def receive(self):
        while True:
            if len(self.data) >= 2:
                length, start = self.data[1] & 127, 2
                if length == 126:
                    length, start = int.from_bytes(self.data[2:4], "big"), 4
                if len(self.data) >= start + length:
                    opcode, payload = self.data[0] & 15, self.data[start:start + length]
                    self.data = self.data[start + length:]
                    return opcode, payload
            self.step()

    def talk(self):
        sent = {"text": 0, "binary": 0, "bytes": 0, "trips": [], "client_port": self.socket.getsockname()[1]}
        wanted = [(0x81, text.encode()) for text in TEXTS] + [(0x82, bytes(at & 255 for at in range(size))) for size in SIZES]
        for at, message in enumerate(wanted):
            self.send(message, cut=(3, 1_000, 16_384)[at % 3])
            assert self.receive() == (message[0] & 15, message[1]), "the echo differs"
            sent["text" if message[0] == 0x81 else "binary"] += 1
            sent["bytes"] += len(message[1])
        # Three fragments with a ping among them, all in one frame of HTTP/2.
        before = time.perf_counter()
        self.send((0x01, b"one "), (0x00, b"two "), (0x89, b"ping"), (0x80, b"three"), cut=16_384)
        for expected in ((10, b"ping"), (1, b"one two three")):
            assert self.receive() == expected, "the echo of fragments differs"
            if expected[0] == 10:
                sent["trips"].append(1000 * (time.perf_counter() - before))
        sent["text"] += 1
        sent["bytes"] += 13
        self.send((0x88, struct.pack(">H", 4001) + b"enough"), cut=16_384)
        assert self.receive()[0] == 8
        self.socket.sendall(self.frame(0, 1, self.stream, b""))
        while not self.is_over:
            self.step()
        self.socket.close()
        return sent


def browse(port):
    with tempfile.TemporaryDirectory() as profile:
        browser = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run",
             "--ignore-certificate-errors", f"--ssl-key-log-file={SECRETS}", f"https://localhost:{port}/"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": profile})
        try:
            return json.loads(Server.posted.get(timeout=60))
        finally:
            browser.terminate()
            browser.wait()


class ThreadingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = ThreadingServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
back = server.server_address[1]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    front = probe.getsockname()[1]
proxy = subprocess.Popen(
    ["/usr/sbin/nghttpx", f"-f127.0.0.1,{front}", f"-b127.0.0.1,{back}", "--single-process", "--conf=/dev/null", "--no-ocsp",
     KEY, CERTIFICATE], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", front), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    print(json.dumps([front, back]), flush=True)
    sys.stdin.readline()
    print(json.dumps(browse(front) if CLIENT == "chromium" else FramesClient(front).talk()), flush=True)
    print(json.dumps(Server.counts.get(timeout=10)), flush=True)
finally:
    # Signals that ask may be blocked where tests run, and a child inherits that.
    proxy.kill()
    proxy.wait()
