"""Programs that speak to themselves on loopback, and what they say of it.

Usage: program_peers.py KIND FOLDER PORT. Prints "ready", waits for a line on standard input, runs the conversation and prints one JSON
line of facts. KIND is "sipp" (a call in which one end never speaks), "baresip" (a call with keys in its descriptions) or "usrsctp" (an
association over UDP).
"""

import json
import math
import os
import re
import struct
import subprocess
import sys
import time
import wave

KIND, FOLDER, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
HERE = os.path.dirname(os.path.abspath(__file__))
SPEECH = "/usr/share/sip-tester/g711a.pcap"


def start(command, name):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open(os.path.join(FOLDER, name), "w"),
                            stderr=subprocess.STDOUT, cwd=FOLDER, env={**os.environ, "TERM": "xterm", "HOME": FOLDER})


def read(name):
    return open(os.path.join(FOLDER, name), errors="replace").read()


def packets(path):
    """Packets of a file in pcap's format."""
    data, place, count = open(path, "rb").read(), 24, 0
    while place < len(data):
        place += 16 + struct.unpack_from("<I", data, place + 8)[0]
        count += 1
    return count


def sipp():
    common = ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-m", "1", "-nostdin"]
    answering = start(["sipp", "-sn", "uas", "-p", str(PORT + 1), "-mp", str(PORT + 20), *common], "answering")
    time.sleep(0.4)
    calling = start(["sipp", f"127.0.0.1:{PORT + 1}", "-sf", os.path.join(HERE, "one_way_call.xml"), "-p", str(PORT),
                     "-mp", str(PORT + 10), *common], "calling")
    status = calling.wait(30)
    answering.kill()
    return {"status": status, "speech": packets(SPEECH), "silent": f"127.0.0.1:{PORT + 20}"}


def baresip():
    tone = os.path.join(FOLDER, "tone.wav")
    with wave.open(tone, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i * 0.34))) for i in range(8000 * 20)))
    # Each end takes the port above its own for TLS.
    ends = {"answering": (PORT, PORT + 20), "calling": (PORT + 10, PORT + 40)}
    for name, (port, media) in ends.items():
        folder = os.path.join(FOLDER, name + ".d")
        os.mkdir(folder)
        with open(os.path.join(folder, "config"), "w") as file:
            file.write(f"sip_listen 127.0.0.1:{port}\naudio_source aufile,{tone}\naudio_player aufile,{folder}/heard.wav\n"
                       f"audio_alert aufile,/dev/null\nrtp_ports {media}-{media + 9}\nrtp_stats yes\nrtcp_mux no\n"
                       "module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule srtp.so\nmodule aufile.so\n"
                       "module_app account.so\nmodule_app menu.so\n")
        with open(os.path.join(folder, "accounts"), "w") as file:
            file.write(f"<sip:{name}@127.0.0.1:{port}>;regint=0;mediaenc=srtp-mand;answermode=auto\n")
        open(os.path.join(folder, "contacts"), "w").close()
    answering = start(["baresip", "-f", os.path.join(FOLDER, "answering.d"), "-t", "9"], "answering")
    time.sleep(0.5)
    calling = start(["baresip", "-f", os.path.join(FOLDER, "calling.d"), "-t", "7", "-e",
                     f"/dial sip:answering@127.0.0.1:{PORT}"], "calling")
    calling.wait(30)
    answering.wait(30)
    found = {name: re.search(r"packets:\s+(\d+)\s+(\d+)", read(name)) for name in ends}
    return {name: {"sent": int(match[1]), "received": int(match[2])} if match else {} for name, match in found.items()}


def usrsctp():
    program = ["/usr/lib/usrsctp/tsctp", "-p", str(PORT + 2)]
    receiving = start([*program, "-E", str(PORT), "-U", str(PORT + 1), "-L", "127.0.0.1"], "receiving")
    time.sleep(0.4)
    sending = start([*program, "-E", str(PORT + 1), "-U", str(PORT), "-l", "1000", "-n", "700", "127.0.0.1"], "sending")
    status = sending.wait(20)
    time.sleep(0.5)
    receiving.kill()
    receiving.wait()
    # length, receive calls, messages, bytes, seconds, bytes a second, unordered
    match = re.search(r"^1000, (\d+), (\d+), (\d+),", read("receiving"), re.MULTILINE)
    return {"status": status, "messages": int(match[2]) if match else None, "bytes": int(match[3]) if match else None}


print("ready", flush=True)
sys.stdin.readline()
print(json.dumps({"sipp": sipp, "baresip": baresip, "usrsctp": usrsctp}[KIND]()), flush=True)
