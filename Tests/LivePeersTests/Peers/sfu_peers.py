"""A video room (Janus) that forwards one aiortc peer to another, and what both peers counted.

Usage: sfu_peers.py FOLDER PORT HOST HOST HOST. Janus is asked over HTTP on PORT and takes media on PORT + 10 to PORT + 60. Prints "ready", waits for a
line on standard input, holds the call and prints one JSON line of facts from getStats.

The hosts are addresses of the room, the publisher and the subscriber: as between three hosts, the legs are told apart by their ends. Of the sound every fortieth packet is dropped before it is sent: what it lacks on the first leg.
"""

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import urllib.request

import aioice.ice
import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack

FOLDER, PORT = sys.argv[1], int(sys.argv[2])
ROOM, PUBLISHER, SUBSCRIBER = sys.argv[3:6]
SECONDS = 6
DROPPED = 40
LIBRARY = "/usr/lib/x86_64-linux-gnu/janus"
NAMES = itertools.count(1)


def start_box():
    plugins = [name for name in os.listdir(LIBRARY + "/plugins") if "videoroom" not in name]
    transports = [name for name in os.listdir(LIBRARY + "/transports") if "http" not in name]
    pages = {
        "janus.jcfg": f"""general: {{ configs_folder = "{FOLDER}" plugins_folder = "{LIBRARY}/plugins"
 transports_folder = "{LIBRARY}/transports" events_folder = "{FOLDER}" loggers_folder = "{FOLDER}" debug_level = 3 }}
media: {{ rtp_port_range = "{PORT + 10}-{PORT + 60}" }}
nat: {{ ice_enforce_list = "{ROOM}" }}
plugins: {{ disable = "{','.join(plugins)}" }}
transports: {{ disable = "{','.join(transports)}" }}
""",
        "janus.transport.http.jcfg": f"""general: {{ base_path = "/janus" http = true port = {PORT} ip = "127.0.0.1" https = false }}
admin: {{ admin_http = false }}
""",
        "janus.plugin.videoroom.jcfg": "general: { }\n",
    }
    for name, text in pages.items():
        with open(os.path.join(FOLDER, name), "w") as file:
            file.write(text)
    return subprocess.Popen(["janus", "-F", FOLDER], stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                            stdout=open(os.path.join(FOLDER, "janus.log"), "w"))


def fetch(path, body=None):
    data = None if body is None else json.dumps({"transaction": str(next(NAMES)), **body}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/janus{path}", data, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=10))


class Handle:
    """One session with the room, spoken to by requests that are answered in a long poll."""

    def __init__(self):
        self.session = f"/{fetch('', {'janus': 'create'})['data']['id']}"
        plugin = fetch(self.session, {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        self.handle = f"{self.session}/{plugin['data']['id']}"

    def say(self, body, description=None):
        message = {"janus": "message", "body": body}
        if description:
            message["jsep"] = {"type": description.type, "sdp": description.sdp}
        return fetch(self.handle, message)

    def ask(self, body, description=None):
        self.say(body, description)
        while True:
            event = fetch(f"{self.session}?maxev=1")
            data = event.get("plugindata", {}).get("data", {})
            if data.get("error"):
                raise SystemExit(f"the room says {data}")
            if event.get("jsep") or data.get("videoroom") == "joined" or data.get("started"):
                return data, event.get("jsep")


class Sounds(AudioStreamTrack):
    """Noise of changing loudness: packets of many sizes, as those of speech."""

    noise = random.Random(6)

    async def recv(self):
        frame = await super().recv()
        for plane in frame.planes:
            busy = self.noise.randrange(0, plane.buffer_size // 2) * 2
            plane.update(self.noise.randbytes(busy) + bytes(plane.buffer_size - busy))
        return frame


class Pictures(VideoStreamTrack):
    """Thirty small pictures a second, each of another size once it is coded."""

    noise = random.Random(5)

    async def recv(self):
        pts, base = await self.next_timestamp()
        frame = av.VideoFrame(160, 120, "yuv420p")
        lines = self.noise.randrange(4, 60)
        for plane in frame.planes:
            size, busy = plane.buffer_size, min(plane.buffer_size, lines * plane.line_size)
            plane.update(self.noise.randbytes(busy) + bytes(size - busy))
        frame.pts, frame.time_base = pts, base
        return frame


async def gather_at(address, connection, description):
    """Sets the connection's own description, with one candidate."""
    known = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    await connection.setLocalDescription(description)
    aioice.ice.get_host_addresses = known


def drop(sender):
    """Keeps every `DROPPED`th packet of a source from being sent; gives the numbers that lack between packets sent, and those
    behind the last, which nobody can miss."""
    transport, dropped, kept, source = sender.transport, [], [], sender._ssrc.to_bytes(4, "big")
    send, has_sent = transport._send_rtp, False

    async def send_some(data):
        nonlocal has_sent
        number = int.from_bytes(data[2:4], "big")
        if data[8:12] != source or 192 <= data[1] <= 223:
            return await send(data)
        if has_sent and number % DROPPED == 7:
            kept.append(number)
        else:
            dropped.extend(kept)
            kept.clear()
            has_sent = True
            await send(data)

    transport._send_rtp = send_some
    return dropped, kept


async def drain(track):
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return


async def main():
    box = start_box()
    try:
        await hold(box)
    finally:
        box.terminate()
        try:
            box.wait(5)
        except subprocess.TimeoutExpired:
            box.kill()
            box.wait()


async def hold(box):
    async def away(call, *arguments):
        return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)

    for _ in range(100):
        try:
            fetch("/info")
            break
        except OSError:
            await asyncio.sleep(0.1)
    print("ready", flush=True)
    await away(sys.stdin.readline)
    publishing, subscribing = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    tasks = []
    subscribing.on("track", lambda track: tasks.append(asyncio.ensure_future(drain(track))))
    publisher, subscriber = await away(Handle), await away(Handle)
    await away(publisher.say, {"request": "create", "room": 7, "audiocodec": "opus", "videocodec": "vp8", "fir_freq": 0})
    joined, _ = await away(publisher.ask, {"request": "join", "ptype": "publisher", "room": 7})
    publishing.addTrack(Sounds())
    publishing.addTrack(Pictures())
    await gather_at(PUBLISHER, publishing, await publishing.createOffer())
    dropped, behind = drop(publishing.getSenders()[0])
    _, answer = await away(publisher.ask, {"request": "publish"}, publishing.localDescription)
    await publishing.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    while publishing.connectionState != "connected":
        await asyncio.sleep(0.05)
    streams = [{"feed": joined["id"]}]
    _, offer = await away(subscriber.ask, {"request": "join", "ptype": "subscriber", "room": 7, "streams": streams})
    await subscribing.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
    await gather_at(SUBSCRIBER, subscribing, await subscribing.createAnswer())
    await away(subscriber.ask, {"request": "start"}, subscribing.localDescription)
    await asyncio.sleep(SECONDS)
    for sender in publishing.getSenders():
        sender.replaceTrack(None)
    await asyncio.sleep(0.5)
    facts = {"sent": [], "received": []}
    for entry in (await publishing.getStats()).values():
        if entry.type == "outbound-rtp":
            missing = len(dropped) if entry.kind == "audio" else 0
            unsent = missing + (len(behind) if entry.kind == "audio" else 0)
            facts["sent"].append({"ssrc": f"0x{entry.ssrc:08x}", "kind": entry.kind, "lost": missing,
                                  "packets": entry.packetsSent - unsent})
    for entry in (await subscribing.getStats()).values():
        if entry.type == "inbound-rtp":
            facts["received"].append({"ssrc": f"0x{entry.ssrc:08x}", "kind": entry.kind, "packets": entry.packetsReceived,
                                      "lost": entry.packetsLost})
    await asyncio.gather(publishing.close(), subscribing.close())
    for task in tasks:
        task.cancel()
    print(json.dumps(facts), flush=True)


asyncio.run(main())
