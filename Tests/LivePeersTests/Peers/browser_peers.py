"""A call of a browser with itself, with a camera and a microphone that it makes up, and what getStats says at its end.

Usage: browser_peers.py BROWSER FOLDER QUERY. BROWSER is "chromium" or "firefox"; QUERY goes to browser/call.html: codec, layers, seconds.
Prints "ready", waits for a line on standard input, holds the call and prints one JSON line of facts.
"""

import os
import re
import subprocess
import sys
import time

BROWSER, FOLDER, QUERY = sys.argv[1:4]
PAGE = "file://" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "browser", "call.html") + "?" + QUERY
LOG = os.path.join(FOLDER, "browser.log")


def command():
    profile = os.path.join(FOLDER, "profile")
    os.makedirs(profile, exist_ok=True)
    if BROWSER == "chromium":
        return ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
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
