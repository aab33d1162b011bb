"""A call of a browser with itself, with a camera and a microphone that it makes up, and what getStats says at its end.

Usage: browser_peers.py BROWSER FOLDER QUERY. BROWSER is "chromium" or "firefox"; QUERY goes to browser/call.html: codec, layers, seconds,
fec, relay; with "clear" the media are sent in clear. Prints "ready", waits for a line on standard input, holds the call and prints one
JSON line of facts.

With "relay" the call passes a relay of ours that stands for a path: what it is given on either port it hands on from the other, 30 ms later,
but for one in 25 packets of the media that go to the called end.
"""

import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

BROWSER, FOLDER, QUERY = sys.argv[1:4]
PAGE = "file://" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "browser", "call.html") + "?" + QUERY
LOG = os.path.join(FOLDER, "browser.log")
WISH = dict(urllib.parse.parse_qsl(QUERY, keep_blank_values=True))
DELAY, LOST = 0.03, 0.04


def is_media(packet):
    """RTP, and no RTCP (RFC 5761 section 4)."""
    return len(packet) > 12 and packet[0] >> 6 == 2 and not 64 <= packet[1] & 0x7f < 96


def carry(source, target, ends, loses):
    """Hands on what comes to `source` from `target`, to whoever spoke to that last."""
    chance = random.Random(7)

    def take():
        while True:
            packet, ends[source] = source.recvfrom(2048)
            if not (loses and is_media(packet) and chance.random() < LOST):
                waiting.append((time.monotonic() + DELAY, packet))
                some.release()

    def give():
        while some.acquire():
            due, packet = waiting.pop(0)
            time.sleep(max(0, due - time.monotonic()))
            if target in ends:
                target.sendto(packet, ends[target])

    waiting, some = [], threading.Semaphore(0)
    for work in (take, give):
        threading.Thread(target=work, daemon=True).start()


def relay(port):
    caller, called = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    caller.bind(("", port))
    called.bind(("", port + 1))
    ends = {}
    carry(caller, called, ends, True)
    carry(called, caller, ends, False)


def command():
    profile = os.path.join(FOLDER, "profile")
    os.makedirs(profile, exist_ok=True)
    if BROWSER == "chromium":
        more = ["--disable-webrtc-encryption"] if "clear" in WISH else []
        if "fec" in WISH:
            more.append("--force-fieldtrials=WebRTC-FlexFEC-03-Advertised/Enabled/WebRTC-FlexFEC-03/Enabled/")
        return ["chromium", *more, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--enable-logging=stderr",
                "--autoplay-policy=no-user-gesture-required", "--no-first-run", PAGE]
    preferences = {
        "media.navigator.streams.fake": "true", "media.navigator.permission.disabled": "true",
        "media.autoplay.default": "0", "devtools.console.stdout.content": "true", "browser.shell.checkDefaultBrowser": "false",
        "datareporting.policy.dataSubmissionEnabled": "false", "app.update.auto": "false",
        "media.peerconnection.ice.obfuscate_host_addresses": "false", "browser.aboutwelcome.enabled": "false",
    }
    with open(os.path.join(profile, "user.js"), "w") as file:
        file.writelines(f'user_pref("{name}", {value});\n' for name, value in preferences.items())
    return ["firefox-esr", "--headless", "--no-remote", "--profile", profile, PAGE]


if "relay" in WISH:
    relay(int(WISH["relay"]))
print("ready", flush=True)
sys.stdin.readline()
browser = subprocess.Popen(command(), stdin=subprocess.DEVNULL, stdout=open(LOG, "w"), stderr=subprocess.STDOUT,
                           env={**os.environ, "HOME": FOLDER, "MOZ_DISABLE_CONTENT_SANDBOX": "1"})
found = None
for _ in range(400):
    time.sleep(0.1)
    text = open(LOG, errors="replace").read()
    # A browser may escape what it prints as a string.
    found = re.search(r"FACTS (\{.*\})", text)
    if "DONE" in text or "FAILED" in text:
        break
browser.terminate()
try:
    browser.wait(5)
except subprocess.TimeoutExpired:
    browser.kill()
    browser.wait()
if not found:
    raise SystemExit("no facts: " + "\n".join(line for line in text.splitlines() if "FAILED" in line)[:400])
facts = found[1]
print(facts.replace('\\"', '"') if '\\"' in facts else facts, flush=True)
