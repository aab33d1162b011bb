"""Calls of aiortc through a relay (coturn), and what the peers and the relay themselves say of them.

Usage: relay_peers.py FOLDER PORT. The relay listens on PORT and, with TLS, on PORT + 1; descriptions are exchanged over HTTP on
PORT + 2. Prints "ready", waits for a line on standard input, then makes four calls at once: to the relay over UDP, TCP and TLS, and
one over UDP whose allocation is never refreshed. Prints one JSON line of facts, which come from getStats, from the peers' own lists
and from the relay's log, never from the wire.
"""

import asyncio
import json
import os
import re
import subprocess
import sys

FOLDER, PORT = sys.argv[1], int(sys.argv[2])
CERTIFICATE, KEY, LOG = (os.path.join(FOLDER, name) for name in ("relay.pem", "relay.key", "relay.log"))
os.environ["SSL_CERT_FILE"] = CERTIFICATE
os.environ["SSLKEYLOGFILE"] = os.path.join(FOLDER, "keys")

import aioice  # noqa: E402: the variables above are read when it is loaded
import aioice.turn  # noqa: E402
from aiortc import (  # noqa: E402
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError  # noqa: E402

SECONDS = 8
LIFETIME = 4
URLS = {
    "udp": f"turn:127.0.0.1:{PORT}?transport=udp",
    "tcp": f"turn:127.0.0.1:{PORT}?transport=tcp",
    "tls": f"turns:127.0.0.1:{PORT + 1}?transport=tcp",
    "lapsed": f"turn:127.0.0.1:{PORT}?transport=udp",
}

refresh = aioice.turn.TurnClientMixin.refresh


async def refresh_or_not(self, *arguments):
    if self.username == "lapsed":
        await asyncio.sleep(3600)
    await refresh(self, *arguments)


aioice.turn.TurnClientMixin.refresh = refresh_or_not


async def drain(track):
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return


def start_relay():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", KEY, "-out", CERTIFICATE],
        check=True, capture_output=True)
    # coturn 4.6 takes this from a file alone.
    with open(os.path.join(FOLDER, "conf"), "w") as file:
        file.write(f"max-allocate-lifetime={LIFETIME}\n")
    users = [word for name in URLS for word in ("--user", f"{name}:secret")]
    return subprocess.Popen(
        ["turnserver", "-c", os.path.join(FOLDER, "conf"), "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(PORT),
         "--tls-listening-port", str(PORT + 1), "--cert", CERTIFICATE, "--pkey", KEY, *users, "--realm", "test",
         "--lt-cred-mech", "--no-dtls", "--no-cli", "--allow-loopback-peers", "--log-file", "stdout", "--simple-log", "--verbose", "--pidfile", os.path.join(FOLDER, "pid"), "--userdb",
         os.path.join(FOLDER, "users"), "--min-port", str(PORT + 10), "--max-port", str(PORT + 60)],
        stdout=open(LOG, "w"), stderr=subprocess.STDOUT)


class Answering:
    """The other end of each call, behind HTTP (RFC 9725)."""

    def __init__(self):
        self.ends, self.tasks = {}, []

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"content-length: (\d+)", head.lower())
                body = (await reader.readexactly(int(length[1]))).decode() if length else ""
                method, path = head.split(" ")[:2]
                writer.write(await self.answer(method, path.rsplit("/", 1)[1], body))
        except asyncio.IncompleteReadError:
            writer.close()

    async def answer(self, method, name, body):
        if method != "POST":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        end = self.ends[name] = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        end.on("track", lambda track: self.tasks.append(asyncio.ensure_future(drain(track))))
        await end.setRemoteDescription(RTCSessionDescription(body, "offer"))
        end.addTrack(AudioStreamTrack())
        await end.setLocalDescription(await end.createAnswer())
        text = end.localDescription.sdp.encode()
        return (f"HTTP/1.1 201 Created\r\nLocation: /whip/{name}\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(text)}\r\n\r\n").encode() + text


async def post(name, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT + 2)
    body = text.encode()
    writer.write((f"POST /whip/{name} HTTP/1.1\r\nHost: h\r\nContent-Type: application/sdp\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    answer = (await reader.readexactly(int(re.search(r"content-length: (\d+)", head.lower())[1]))).decode()
    return answer, writer


def streams(stats):
    return [{"ssrc": f"0x{entry.ssrc:08x}", "packets": entry.packetsSent, "bytes": entry.bytesSent}
            for entry in stats.values() if entry.type == "outbound-rtp"]


async def call(name, answering):
    server = RTCIceServer(urls=URLS[name], username=name, credential="secret")
    end = RTCPeerConnection(
        RTCConfiguration(iceServers=[server], iceTransportPolicy=RTCIceTransportPolicy.RELAY))
    end.on("track", lambda track: answering.tasks.append(asyncio.ensure_future(drain(track))))
    end.addTrack(AudioStreamTrack())
    await end.setLocalDescription(await end.createOffer())
    answer, writer = await post(name, end.localDescription.sdp)
    await end.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    for _ in range(100):
        if end.connectionState == "connected":
            break
        await asyncio.sleep(0.1)
    state = end.connectionState
    await asyncio.sleep(SECONDS)
    other = answering.ends[name]
    for sender in end.getSenders() + other.getSenders():
        sender.replaceTrack(None)
    await asyncio.sleep(0.3)
    connection = end.getSenders()[0].transport.transport._connection
    pair = connection._nominated[1]
    fragments = [connection._local_username, connection.remote_username]
    facts = {
        "state": state, "local": f"{pair.local_candidate.host}:{pair.local_candidate.port}",
        "remote": f"{pair.remote_addr[0]}:{pair.remote_addr[1]}", "fragments": fragments,
        "sent": streams(await end.getStats()), "received": streams(await other.getStats()),
    }
    writer.write(f"DELETE /whip/{name} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    await asyncio.gather(end.close(), other.close())
    writer.close()
    return facts


def usage():
    """Bytes that the relay counted between itself and the peers, by user."""
    counts = {}
    for match in re.finditer(r"peer usage: realm=<test>, username=<(\w+)>, rp=\d+, rb=(\d+), sp=\d+, sb=(\d+)",
                             open(LOG).read()):
        known = counts.setdefault(match[1], [0, 0])
        known[0] += int(match[2])
        known[1] += int(match[3])
    return counts


async def main():
    relay = start_relay()
    try:
        answering = Answering()
        server = await asyncio.start_server(answering.serve, "127.0.0.1", PORT + 2)
        for _ in range(50):
            try:
                (await asyncio.open_connection("127.0.0.1", PORT + 1))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        calls = await asyncio.gather(*(call(name, answering) for name in URLS))
        await asyncio.sleep(0.5)
        for task in answering.tasks:
            task.cancel()
        server.close()
    finally:
        relay.terminate()
        try:
            relay.wait(5)
        except subprocess.TimeoutExpired:
            # It may wait for allocations that peers gave up: its log is complete.
            relay.kill()
            relay.wait()
    print(json.dumps({"calls": dict(zip(URLS, calls)), "relay": usage()}), flush=True)


asyncio.run(main())
