"""QUIC client and servers on loopback (aioquic), and what they themselves say of each connection.

Usage: quic_peers.py CERTIFICATE KEY KEYLOG. Prints the servers' ports as one JSON line, waits for a line on standard input,
then makes the connections one after the other and prints one JSON line of facts for each. Facts come from the events and
the qlog of the peers, never from the wire.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import HandshakeCompleted, StreamDataReceived
from aioquic.quic.logger import QuicLogger
from aioquic.quic.recovery import QuicPacketRecovery

CERTIFICATE, KEY, KEYLOG = sys.argv[1:4]
# What the client's datagrams wait before they are sent: a path that is longer than Python is slow.
DELAY = 0.02
DOWNLOAD = 1_500_000
TYPES = {"initial": "initial", "handshake": "handshake", "0RTT": "zero_rtt", "1RTT": "one_rtt"}


# Packets that recovery took for lost, by end. The qlog does not tell them from those that a probe timer repeats.
losses = Counter()
declare = QuicPacketRecovery._on_packets_lost


def declare_and_count(recovery, *, packets, congestion_event=True, **named):
    packets = list(packets)
    if congestion_event:
        losses[recovery._quic_logger] += len(packets)
    declare(recovery, packets=packets, congestion_event=congestion_event, **named)


QuicPacketRecovery._on_packets_lost = declare_and_count


class Answering(QuicConnectionProtocol):
    """Answers a request line `GET N` with N bytes."""

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and event.data.startswith(b"GET "):
            size = int(event.data.split()[1])
            self._quic.send_stream_data(event.stream_id, bytes(size), end_stream=True)
            self.transmit()


class Asking(QuicConnectionProtocol):
    """Asks and waits; loses every `lose`th datagram of the answer after it has crossed the wire."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.facts = {}
        self.received = 0
        self.done = asyncio.get_running_loop().create_future()
        self.lose = 0
        self.seen = 0
        self.dropped = 0

    def connection_made(self, transport):
        super().connection_made(Delayed(transport))

    def datagram_received(self, data, addr):
        self.seen += 1
        if self.lose and self.seen > 40 and self.seen % self.lose == 0:
            self.dropped += 1
            return
        super().datagram_received(data, addr)

    def quic_event_received(self, event):
        if isinstance(event, HandshakeCompleted):
            self.facts = {
                "alpn": event.alpn_protocol,
                "resumed": event.session_resumed,
                "early_accepted": event.early_data_accepted,
            }
        elif isinstance(event, StreamDataReceived):
            self.received += len(event.data)
            if event.end_stream and not self.done.done():
                self.done.set_result(None)


class Delayed:
    """A datagram transport whose datagrams leave a little later, in order."""

    def __init__(self, transport):
        self.transport = transport

    def sendto(self, data, addr=None):
        asyncio.get_running_loop().call_later(DELAY, self.transport.sendto, data, addr)

    def __getattr__(self, name):
        return getattr(self.transport, name)


def side(logger):
    """Facts of one end from its qlog."""
    sent, trips, windows, flights, frames, parameters = Counter(), [], [], [], Counter(), {}
    lost = sum(losses[trace] for trace in logger._traces)
    for trace in logger.to_dict()["traces"]:
        for event in trace["events"]:
            data = event["data"]
            match event["name"]:
                case "transport:packet_sent":
                    kind = data["header"]["packet_type"]
                    sent[TYPES.get(kind, kind)] += 1
                    frames.update(frame["frame_type"] for frame in data["frames"])
                case "recovery:metrics_updated":
                    if "latest_rtt" in data:
                        trips.append(data["latest_rtt"])
                    if "cwnd" in data:
                        windows.append(data["cwnd"])
                    if "bytes_in_flight" in data:
                        flights.append(data["bytes_in_flight"])
                case "transport:parameters_set" if data["owner"] == "local":
                    parameters = {name: value for name, value in data.items() if type(value) is int}
    return {
        "sent": dict(sent), "lost": lost, "rtt_ms": trips, "max_cwnd": max(windows, default=0),
        "max_flight": max(flights, default=0), "frames": dict(frames), "parameters": parameters,
    }


async def connection(name, port, server, *, size=2_000, ticket=None, lose=0):
    """One connection; returns its facts and the last session ticket."""
    tickets = []
    server._configuration.quic_logger = QuicLogger()
    configuration = QuicConfiguration(
        is_client=True, idle_timeout=10, alpn_protocols=["hq-interop"], server_name="quic.example", verify_mode=ssl.CERT_NONE,
        quic_logger=QuicLogger(), secrets_log_file=open(KEYLOG, "a"), session_ticket=ticket,
    )
    async with connect(
        "127.0.0.1", port, configuration=configuration, create_protocol=Asking, session_ticket_handler=tickets.append,
        wait_connected=ticket is None,
    ) as client:
        client.lose = lose
        stream = client._quic.get_next_available_stream_id()
        client._quic.send_stream_data(stream, b"GET %d\r\n" % size, end_stream=True)
        client.transmit()
        await asyncio.wait_for(client.done, 10)
        await asyncio.sleep(3 * DELAY)
        local = client._transport.get_extra_info("sockname")[1]
    # The last datagrams are still on their way through the delay.
    await asyncio.sleep(2 * DELAY)
    configuration.secrets_log_file.close()
    facts = {
        "name": name, "client_port": local, "size": size, "received": client.received, "dropped": client.dropped,
        **client.facts,
        "client": side(configuration.quic_logger), "server": side(server._configuration.quic_logger),
    }
    print(json.dumps(facts), flush=True)
    return tickets[-1] if tickets else None


async def main():
    tickets = {}

    def settings():
        configuration = QuicConfiguration(is_client=False, idle_timeout=10, alpn_protocols=["hq-interop"])
        configuration.load_cert_chain(CERTIFICATE, KEY)
        return configuration

    store = dict(
        create_protocol=Answering, session_ticket_fetcher=lambda label: tickets.pop(label, None),
        session_ticket_handler=lambda ticket: tickets.update({ticket.ticket: ticket}),
    )
    plain = await serve("127.0.0.1", 0, configuration=settings(), **store)
    checking = await serve("127.0.0.1", 0, configuration=settings(), retry=True, **store)
    ports = [server._transport.get_extra_info("sockname")[1] for server in (plain, checking)]
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)

    ticket = await connection("full", ports[0], plain)
    await connection("retry", ports[1], checking)
    await connection("early", ports[0], plain, ticket=ticket)
    await connection("download", ports[0], plain, size=DOWNLOAD, lose=61)
    plain.close()
    checking.close()


asyncio.run(main())
