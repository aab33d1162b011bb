"""Streams of GStreamer with forward error correction over a path that loses packets, and what the sender counted.

Usage: stream_peers.py PORT. Prints "ready", waits for a line on standard input, then sends H.264 with pictures out of order and ULPFEC
to PORT, and Opus with RED to PORT + 2. Prints one JSON line of facts: the packets made, lost and sent, counted where they are dropped.
"""

import json
import random
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402: the version is chosen before

PORT = int(sys.argv[1])
LOSS = 0.04
SENDERS = f"""
 videotestsrc num-buffers=150 is-live=true ! video/x-raw,width=320,height=240,framerate=30/1
  ! x264enc bframes=2 b-adapt=false key-int-max=30 speed-preset=ultrafast bitrate=600 ! rtph264pay pt=96 mtu=600 ssrc=1111
  ! rtpulpfecenc pt=97 percentage=40 percentage-important=40 ! identity name=video
  ! udpsink host=127.0.0.1 port={PORT} sync=true async=false
 audiotestsrc num-buffers=250 samplesperbuffer=960 is-live=true ! audio/x-raw,rate=48000,channels=2
  ! opusenc frame-size=20 ! rtpopuspay pt=111 ssrc=2222 ! rtpredenc pt=100 distance=1 allow-no-red-blocks=false
  ! identity name=audio ! udpsink host=127.0.0.1 port={PORT + 2} sync=true async=false
"""

counts = {name: {"made": 0, "sent": 0, "types": {}, "lost": []} for name in ("video", "audio")}
chance = random.Random(11)


def lose(pad, info, name):
    """Counts the packets at hand and drops some, never the first or the last ones."""
    if info.type & Gst.PadProbeType.BUFFER_LIST:
        group = info.get_buffer_list()
        packets = [group.get(i) for i in range(group.length())]
    else:
        packets = [info.get_buffer()]
    kept = []
    known = counts[name]
    for packet in packets:
        ok, data = packet.map(Gst.MapFlags.READ)
        payload_type, number = data.data[1] & 127, int.from_bytes(data.data[2:4], "big")
        packet.unmap(data)
        known["made"] += 1
        if 40 < known["made"] < (600 if name == "video" else 200) and chance.random() < LOSS:
            known["lost"].append(number)
            continue
        known["sent"] += 1
        known["types"][payload_type] = known["types"].get(payload_type, 0) + 1
        kept.append(packet)
    if len(kept) == len(packets):
        return Gst.PadProbeReturn.OK
    for packet in kept:
        pad.get_peer().chain(packet)
    return Gst.PadProbeReturn.HANDLED


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch(SENDERS)
    for name in counts:
        pad = pipeline.get_by_name(name).get_static_pad("src")
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, lose, name)
    print("ready", flush=True)
    sys.stdin.readline()
    pipeline.set_state(Gst.State.PLAYING)
    bus = pipeline.get_bus()
    message = bus.timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message is None or message.type == Gst.MessageType.ERROR:
        raise SystemExit(f"no end of the stream: {message and message.parse_error()}")
    print(json.dumps({"version": Gst.version_string(), **counts}), flush=True)


main()
