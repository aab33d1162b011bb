"""Media over QUIC in WebTransport, by aiomoqt: a publisher of groups of five objects, and a subscriber that counts what it gets.

Usage: moq_peers.py CERTIFICATE KEY SECRETS. Prints the port as a JSON list, waits for a line, and prints the subscriber's count as a JSON object.
"""
import asyncio
import json
import logging
import socket
import ssl
import sys
from functools import partial

from aiomoqt.client import MOQTClient
from aiomoqt.examples.bench_pub import subscribe_data_generator
from aiomoqt.protocol import MOQTPeer, MOQTSession
from aiomoqt.types import MOQT_CUR_VERSION, MOQTMessageType, ParamType
from aiomoqt.utils.logger import set_log_level
from qh3.asyncio.server import serve
from qh3.h3.connection import H3_ALPN
from qh3.quic.configuration import QuicConfiguration

CERTIFICATE, KEY, SECRETS = sys.argv[1:4]
SECONDS = 2.5


async def publish(port):
    peer = MOQTPeer()
    peer.endpoint = "moq"
    peer.register_handler(MOQTMessageType.SUBSCRIBE, partial(
        subscribe_data_generator, num_tasks=1, object_size=500, group_size=5, rate=25))
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE, max_data=2**24,
                                      max_stream_data=2**24, max_datagram_frame_size=64 * 1024)
    configuration.load_cert_chain(CERTIFICATE, KEY)
    return await serve("127.0.0.1", port, configuration=configuration,
                       create_protocol=lambda *plain, **named: MOQTSession(*plain, **named, session=peer))


async def subscribe(port):
    count = {"objects": 0, "groups": 0, "version": MOQT_CUR_VERSION & 0xff}
    groups = set()

    def take(message, size, time, group_id=None, subgroup_id=None):
        count["objects"] += 1
        groups.add(group_id)

    client = MOQTClient("127.0.0.1", port, endpoint="moq", verify_tls=False, keylog_filename=SECRETS)
    async with client.connect() as session:
        session.on_object_received = take
        await session.client_session_init()
        token = {ParamType.AUTH_TOKEN: b"any"}
        await session.subscribe_namespace(namespace_prefix="test", parameters=token, wait_response=True)
        await session.subscribe(namespace="test", track_name="track", parameters=token, wait_response=True)
        await asyncio.sleep(SECONDS)
        count["groups"] = len(groups)
    return count


async def main():
    set_log_level(logging.ERROR)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = await publish(port)
    print(json.dumps([port]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(json.dumps(await asyncio.wait_for(subscribe(port), 15)), flush=True)
    server.close()


asyncio.run(main())
