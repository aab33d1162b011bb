"""HTTP/3 by aioquic on loopback: requests, a WebTransport session, and WebSocket on a stream of HTTP/3.

Usage: http3_peers.py CERTIFICATE KEY KEYLOG. Prints the port as a JSON list, waits for a line, then prints what each connection
sent and received, one JSON object each.
"""
import asyncio
import json
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamDataReceived

CERTIFICATE, KEY, KEYLOG = sys.argv[1:4]
SIZES = [0, 1, 1000, 70000, 250000]


class Peer(QuicConnectionProtocol):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.http = H3Connection(self._quic, enable_webtransport=True)
        self.heard = {}
        # Streams of a session that this end opened: aioquic would take their other direction for a response.
        self.own = set()

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and event.stream_id in self.own:
            self.note(event.stream_id, event.data, event.end_stream)
            return
        for found in self.http.handle_event(event):
            self.take(found)
        self.transmit()

    def note(self, stream, data, ended):
        entry = self.heard.setdefault(stream, {"bytes": 0, "status": None, "done": asyncio.Event()})
        entry["bytes"] += len(data)
        if ended:
            entry["done"].set()
        return entry


class Server(Peer):
    session = None

    def take(self, event):
        if isinstance(event, HeadersReceived):
            fields = dict(event.headers)
            protocol = fields.get(b":protocol")
            if protocol:
                self.http.send_headers(event.stream_id, [(b":status", b"200")])
                self.kind, self.session = protocol, event.stream_id
            else:
                size = int(fields[b":path"].rsplit(b"/", 1)[1])
                self.http.send_headers(event.stream_id, [(b":status", b"200"), (b"content-type", b"text/plain")])
                self.http.send_data(event.stream_id, bytes(size), end_stream=True)
        elif isinstance(event, WebTransportStreamDataReceived):
            if event.stream_id % 4 == 0 and event.data:
                self._quic.send_stream_data(event.stream_id, event.data)
            elif event.stream_id % 4 == 2 and event.stream_ended:
                stream = self.http.create_webtransport_stream(self.session, is_unidirectional=True)
                self._quic.send_stream_data(stream, bytes(70), end_stream=True)
        elif isinstance(event, DatagramReceived):
            self.http.send_datagram(self.session, event.data)
        elif isinstance(event, DataReceived) and self.session is not None and self.kind == b"websocket":
            # Text comes back unmasked, a ping is answered.
            data = event.data
            while len(data) >= 6:
                size = data[1] & 127
                mask, body = data[2:6], data[6:6 + size]
                plain = bytes(value ^ mask[place % 4] for place, value in enumerate(body))
                code = {1: 0x81, 9: 0x8a, 8: 0x88}[data[0] & 15]
                data = data[6 + size:]
                self.http.send_data(self.session, bytes([code, len(plain)]) + plain, end_stream=code == 0x88)


class Client(Peer):
    def take(self, event):
        if isinstance(event, HeadersReceived):
            self.note(event.stream_id, b"", event.stream_ended)["status"] = int(dict(event.headers)[b":status"])
        elif isinstance(event, (DataReceived, WebTransportStreamDataReceived)):
            self.note(event.stream_id, event.data, event.stream_ended)
        elif isinstance(event, DatagramReceived):
            self.note(-1, event.data, False)

    def ask(self, fields, end=True):
        stream = self._quic.get_next_available_stream_id()
        self.http.send_headers(stream, [(b":scheme", b"https"), (b":authority", b"h3.example")] + fields, end_stream=end)
        self.transmit()
        self.note(stream, b"", False)
        return stream

    async def until(self, condition):
        for _ in range(300):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(str({k: (v["bytes"], v["status"]) for k, v in self.heard.items()}))


async def requests(client):
    streams = [client.ask([(b":method", b"GET"), (b":path", b"/%d" % size)]) for size in SIZES]
    for stream in streams:
        await asyncio.wait_for(client.heard[stream]["done"].wait(), 5)
    return {"bytes": [client.heard[stream]["bytes"] for stream in streams]}


async def webtransport(client):
    session = client.ask([(b":method", b"CONNECT"), (b":protocol", b"webtransport"), (b":path", b"/wt")], end=False)
    await client.until(lambda: client.heard[session]["status"] == 200)
    for _ in range(2):
        stream = client.http.create_webtransport_stream(session, is_unidirectional=True)
        client._quic.send_stream_data(stream, bytes(100), end_stream=True)
    both = client.http.create_webtransport_stream(session)
    client.own.add(both)
    client._quic.send_stream_data(both, bytes(50))
    for _ in range(3):
        client.http.send_datagram(session, bytes(20))
    client.transmit()
    await client.until(lambda: client.heard.get(-1, {}).get("bytes") == 60 and client.heard.get(both, {}).get("bytes") == 50
                       and sum(entry["bytes"] for key, entry in client.heard.items() if key > 0 and key % 4 == 3) == 140)
    client._quic.reset_stream(both, 7)
    # CLOSE_WEBTRANSPORT_SESSION, in a DATA frame of the session's stream.
    client.http.send_data(session, b"\x68\x43\x08\x00\x00\x01\x02over", end_stream=True)
    client.transmit()
    await asyncio.sleep(0.05)
    return {}


def masked(code, data):
    return bytes([0x80 | code, 0x80 | len(data), 1, 2, 3, 4]) + bytes(v ^ (1, 2, 3, 4)[i % 4] for i, v in enumerate(data))


async def websocket(client):
    stream = client.ask([(b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":path", b"/chat"),
                         (b"sec-websocket-version", b"13")], end=False)
    await client.until(lambda: client.heard[stream]["status"] == 200)
    expected = 0
    for code, data in [(1, b"hello"), (1, b"again and again"), (9, b"tick"), (8, b"\x03\xe8bye")]:
        client.http.send_data(stream, masked(code, data), end_stream=code == 8)
        client.transmit()
        expected += 2 + len(data)
        await client.until(lambda: client.heard[stream]["bytes"] == expected)
    return {}


async def main():
    def settings(**named):
        return QuicConfiguration(alpn_protocols=H3_ALPN, max_datagram_frame_size=65536, **named)

    configuration = settings(is_client=False)
    configuration.load_cert_chain(CERTIFICATE, KEY)
    server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=Server)
    port = server._transport.get_extra_info("sockname")[1]
    print(json.dumps([port]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for talk in (requests, webtransport, websocket):
        log = open(KEYLOG, "a")
        async with connect("127.0.0.1", port, create_protocol=Client, configuration=settings(
                is_client=True, verify_mode=ssl.CERT_NONE, secrets_log_file=log, server_name="h3.example")) as client:
            local = client._transport.get_extra_info("sockname")[1]
            facts = await talk(client)
        log.close()
        print(json.dumps({"name": talk.__name__, "client_port": local, **facts}), flush=True)
    server.close()


asyncio.run(main())
