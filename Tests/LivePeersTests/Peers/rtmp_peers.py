"""ffmpeg publishes to nginx by RTMP, through a relay that passes so many bytes a second on (0: all).

Arguments: a folder to work in, the rate, and for RTMPS the folder's names of a certificate, its key and the file for secrets. Prints the relay's and nginx's port as a JSON list and waits for a line.
"""
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

FOLDER, RATE = sys.argv[1], int(sys.argv[2])
SECURED = [f"{FOLDER}/{name}" for name in sys.argv[3:6]]
SECONDS = 3 if SECURED else 6


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pump(source, target, rate):
    """Small reads and a steady pace: the sender's TCP feels the path."""
    try:
        while data := source.recv(max(512, rate // 50) if rate else 65536):
            target.sendall(data)
            if rate:
                time.sleep(len(data) / rate)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def unwrap(client, server):
    """TLS before, none behind. Both directions in one thread: one end of TLS is none that two may use at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SECURED[0], SECURED[1])
    context.keylog_filename = SECURED[2]
    try:
        with context.wrap_socket(client, server_side=True) as client, server:
            while True:
                ready = [client] if client.pending() else select.select([client, server], [], [])[0]
                for source, target in ((client, server), (server, client)):
                    if source in ready:
                        data = source.recv(65536)
                        if not data:
                            return
                        target.sendall(data)
    except OSError:
        pass


def relay(listener, port):
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        if SECURED:
            threading.Thread(target=unwrap, args=(client, server), daemon=True).start()
            continue
        threading.Thread(target=pump, args=(client, server, RATE), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, 0), daemon=True).start()


listener = socket.socket()
# A small buffer, so that what waits waits at the publisher.
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
listener.bind(("127.0.0.1", 0))
listener.listen()
port = free_port()
root = "user root;" if os.geteuid() == 0 else ""
with open(f"{FOLDER}/nginx.conf", "w") as file:
    file.write(f"""load_module /usr/lib/nginx/modules/ngx_rtmp_module.so; {root} daemon off; worker_processes 1;
pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.log warn; events {{ worker_connections 32; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; record off; }} }} }}""")
nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", f"{FOLDER}/nginx.conf", "-p", FOLDER],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
end = time.time() + 5
while time.time() < end:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.05)
threading.Thread(target=relay, args=(listener, port), daemon=True).start()
print(json.dumps([listener.getsockname()[1], port]), flush=True)
sys.stdin.readline()
ffmpeg = subprocess.Popen(
    ["ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=256x144:rate=25", "-t",
     str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-g", "25", "-b:v", "400k",
     "-minrate", "400k", "-maxrate", "400k", "-bufsize", "200k", "-f", "flv", "-tcp_nodelay", "1",
     *(["-tls_verify", "0"] if SECURED else []), f"rtmp{'s' if SECURED else ''}://127.0.0.1:{listener.getsockname()[1]}/live/secret-key"],
    stdin=subprocess.DEVNULL, stderr=open(f"{FOLDER}/ffmpeg.log", "w"))
try:
    ffmpeg.wait(SECONDS + 4)
except subprocess.TimeoutExpired:
    ffmpeg.kill()
nginx.send_signal(signal.SIGTERM)
nginx.wait(3)
