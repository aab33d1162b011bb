"""Two ends of a WebRTC call on this host (aiortc), and what they themselves say of it.

Usage: call_peers.py KEYLOG. Prints "ready", waits for a line on standard input, then makes a call with sound both ways, pictures one
way and two data channels, and prints one JSON line of facts. Facts come from getStats and from the peers' own lists, never from the
wire.
"""

import asyncio
import json
import sys

import aiortc
import av
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.rtcdtlstransport import RTCCertificate

KEYLOG = sys.argv[1]
SECONDS = 6
MESSAGES = {"chat": [40, 300, 1800, 5000], "state": [16] * 20}

make = RTCCertificate._create_ssl_context


def make_and_log(certificate, *arguments, **named):
    context = make(certificate, *arguments, **named)

    def log(_, line):
        with open(KEYLOG, "ab") as file:
            file.write(line + b"\n")

    context.set_keylog_callback(log)
    return context


RTCCertificate._create_ssl_context = make_and_log


class Pictures(VideoStreamTrack):
    """Thirty small pictures a second that change."""

    count = 0

    async def recv(self):
        pts, base = await self.next_timestamp()
        frame = av.VideoFrame(160, 120, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((self.count * 7 + place * 3) & 255 for place in range(plane.buffer_size)))
        frame.pts, frame.time_base = pts, base
        self.count += 1
        return frame


async def drain(track):
    while True:
        try:
            await track.recv()
        except aiortc.mediastreams.MediaStreamError:
            return


async def main():
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    offering, answering = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    tasks = []
    received = {}
    for end in (offering, answering):
        end.on("track", lambda track: tasks.append(asyncio.ensure_future(drain(track))))
        end.addTrack(AudioStreamTrack())
    offering.addTrack(Pictures())
    channels = {name: offering.createDataChannel(name, ordered=name == "chat") for name in MESSAGES}

    @answering.on("datachannel")
    def opened(channel):
        channel.on("message", lambda data: received.setdefault(channel.label, []).append(len(data)))

    await offering.setLocalDescription(await offering.createOffer())
    await answering.setRemoteDescription(offering.localDescription)
    await answering.setLocalDescription(await answering.createAnswer())
    await offering.setRemoteDescription(answering.localDescription)
    while offering.connectionState != "connected" or any(c.readyState != "open" for c in channels.values()):
        await asyncio.sleep(0.05)
    for name, sizes in MESSAGES.items():
        for size in sizes:
            channels[name].send(bytes(size))
            await asyncio.sleep(0.02)
    await asyncio.sleep(SECONDS)
    for sender in offering.getSenders() + answering.getSenders():
        sender.replaceTrack(None)
    await asyncio.sleep(0.5)
    facts = {"version": aiortc.__version__, "streams": [], "received": received}
    for name, end in (("offering", offering), ("answering", answering)):
        for entry in (await end.getStats()).values():
            if entry.type == "outbound-rtp":
                facts["streams"].append(
                    {"from": name, "ssrc": f"0x{entry.ssrc:08x}", "kind": entry.kind, "packets": entry.packetsSent})
    transport = offering.sctp.transport
    pair = transport.transport._connection._nominated[1]
    facts["local"] = f"{pair.local_addr[0]}:{pair.local_addr[1]}"
    facts["remote"] = f"{pair.remote_addr[0]}:{pair.remote_addr[1]}"
    facts["controlling"] = transport.transport._connection.ice_controlling
    await asyncio.gather(offering.close(), answering.close())
    for task in tasks:
        task.cancel()
    print(json.dumps(facts), flush=True)


asyncio.run(main())
