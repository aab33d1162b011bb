"""Low-latency DASH on loopback: ffmpeg to an origin, and viewers before nginx that passes on, buffers, or caches.

Argument: a folder to work in. Prints the ports as a JSON list once all listen, waits for a line, and prints what each viewer and
the origin saw as a JSON object for each viewer: how chunks came against how the origin got them, and how old they were by their
own stamps.
"""
import http.server
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

FOLDER = sys.argv[1]
SECONDS = 9
SEGMENT = 1.0
CHUNK = 0.2
WAYS = {"off": "proxy_buffering off;", "on": "proxy_buffering on;",
        "cached": "proxy_cache live; proxy_cache_lock on; proxy_cache_lock_timeout 5s; proxy_cache_lock_age 5s; proxy_cache_valid 200 1m;"}


class Resource:
    """A file that grows: pieces as they came."""

    def __init__(self):
        self.pieces, self.times, self.is_whole = [], [], False
        self.changed = threading.Condition()

    def add(self, piece):
        with self.changed:
            self.pieces.append(piece)
            self.times.append(time.time())
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.is_whole = True
            self.changed.notify_all()


RESOURCES, LOCK = {}, threading.Lock()


def resource(path, wait=0.0):
    end = time.time() + wait
    while True:
        with LOCK:
            found = RESOURCES.get(path)
        if found or time.time() > end:
            return found
        time.sleep(0.002)


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        new = Resource()
        is_segment = not self.path.endswith(".mpd")
        if is_segment:
            with LOCK:
                RESOURCES[self.path] = new
        while True:
            size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                break
            new.add(piece)
        new.close()
        if not is_segment:
            with LOCK:
                RESOURCES[self.path] = new
        self.answer(201)

    do_POST = do_PUT

    def do_GET(self):
        found = resource(self.path, 3)
        if not found:
            return self.answer(404)
        if self.path.endswith(".mpd"):
            return self.answer(200, b"".join(found.pieces), "application/dash+xml")
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        while True:
            with found.changed:
                found.changed.wait_for(lambda: sent < len(found.pieces) or found.is_whole, 3)
                piece = b"".join(found.pieces[sent:])
                sent, over = len(found.pieces), found.is_whole
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if over and sent == len(found.pieces):
                break
        self.wfile.write(b"0\r\n\r\n")


def chunks(data):
    """(end offset, producer time) of each CMAF chunk: up to the end of its mdat."""
    found, place, stamp = [], 0, None
    while place + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[place:place + 8])
        if size < 8 or place + size > len(data):
            break
        if kind == b"prft":
            seconds, fraction = struct.unpack(">II", data[place + 16:place + 24])
            stamp = seconds - 2208988800 + fraction / 2**32
        place += size
        if kind == b"mdat":
            found.append((place, stamp))
            stamp = None
    return found


def reached(pieces, times, offset):
    total = 0
    for piece, at in zip(pieces, times):
        total += piece if isinstance(piece, int) else len(piece)
        if total >= offset:
            return at
    return None


class Viewer:
    """A player: the manifest, then segment after segment, as they come."""

    def __init__(self, name, port, address, late):
        self.name, self.port, self.address, self.late = name, port, address, late
        self.segments, self.problem = {}, None

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 5, (self.address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        self.buffer += piece

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def get(self, path):
        """Body, and when each piece of it was there."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: live.test\r\nUser-Agent: viewer-{self.name}\r\n\r\n".encode())
        status = int(self.line().split()[1])
        fields = {}
        while field := self.line():
            key, value = field.split(b":", 1)
            fields[key.strip().lower()] = value.strip()
        sizes, times, body = [], [], b""
        if b"content-length" in fields:
            left = int(fields[b"content-length"])
            while left:
                if not self.buffer:
                    self.more()
                piece, self.buffer = self.buffer[:left], self.buffer[left:]
                left -= len(piece)
                body += piece
                sizes.append(len(piece))
                times.append(time.time())
        else:
            while size := int(self.line().split(b";")[0], 16):
                while size:
                    if not self.buffer:
                        self.more()
                    piece, self.buffer = self.buffer[:size], self.buffer[size:]
                    size -= len(piece)
                    body += piece
                    sizes.append(len(piece))
                    times.append(time.time())
                self.line()
            self.line()
        return status, body, sizes, times

    def play(self, until):
        try:
            self.connect()
            start = None
            while start is None:
                body = self.get("/live.mpd")[1].decode()
                match = re.search(r'availabilityStartTime="([^"]+)"', body)
                start = match and match[1]
                time.sleep(0.05)
            self.get("/init-stream0.m4s")
            # The segment that begins next.
            began = time.mktime(time.strptime(start.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")) - time.timezone
            began += float("0." + start.split(".")[1].rstrip("Z")) if "." in start else 0
            number = int((time.time() - began) / SEGMENT) + 2
            while time.time() < until:
                if self.late:
                    # Just behind the first viewer, who makes the cache fetch it.
                    resource(f"/chunk-stream0-{number:05}.m4s", 3)
                    time.sleep(self.late)
                status, body, sizes, times = self.get(f"/chunk-stream0-{number:05}.m4s")
                if status != 200:
                    break
                self.segments[number] = (body, sizes, times)
                number += 1
        except Exception as problem:
            self.problem = repr(problem)

    def facts(self):
        gathered, deviations, ages = 0, [], []
        for number, (body, sizes, times) in sorted(self.segments.items()):
            source = RESOURCES[f"/chunk-stream0-{number:05}.m4s"]
            marks = [(reached(source.pieces, source.times, end), reached(sizes, times, end), stamp)
                     for end, stamp in chunks(body)]
            run = best = 0
            for before, after in zip(marks, marks[1:]):
                made, came = after[0] - before[0], after[1] - before[1]
                deviations.append(abs(made - came) / CHUNK)
                run = run + 1 if came < 0.2 * CHUNK and made > 0.5 * CHUNK else 0
                best = max(best, run)
            gathered += best >= 3
            ages += [1000 * (came - stamp) for _, came, stamp in marks if stamp]
        deviations.sort()
        ages.sort()
        return {"name": self.name, "address": self.address, "problem": self.problem, "segments": len(self.segments),
                "bytes": sum(len(s[0]) for s in self.segments.values()), "gathered": gathered,
                "deviation": deviations[len(deviations) // 2] if deviations else None,
                "age_ms": ages[len(ages) // 2] if ages else None}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx(origin, ports):
    servers = "".join(f"""
  server {{ listen 127.0.0.1:{ports[name]}; location / {{
    proxy_pass http://127.0.0.1:{origin}; proxy_bind 127.0.0.{11 + place}; {way}
    add_header X-Cache $upstream_cache_status; }} 
    location ~ \\.mpd$ {{ proxy_pass http://127.0.0.1:{origin}; proxy_bind 127.0.0.{11 + place}; }} }}"""
                      for place, (name, way) in enumerate(WAYS.items()))
    root = "user root;" if os.geteuid() == 0 else ""
    with open(f"{FOLDER}/nginx.conf", "w") as file:
        file.write(f"""{root} daemon off; worker_processes 1; pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.log warn;
events {{ worker_connections 64; }}
http {{
  access_log off; tcp_nodelay on; proxy_http_version 1.1; proxy_set_header Connection "";
  client_body_temp_path {FOLDER}/body; proxy_temp_path {FOLDER}/proxy; fastcgi_temp_path {FOLDER}/fastcgi;
  uwsgi_temp_path {FOLDER}/uwsgi; scgi_temp_path {FOLDER}/scgi;
  proxy_cache_path {FOLDER}/cache keys_zone=live:1m;
  {servers}
}}""")
    return subprocess.Popen(["/usr/sbin/nginx", "-c", f"{FOLDER}/nginx.conf", "-p", FOLDER],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # peers hang up at the end
    origin = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = {name: free_port() for name in WAYS}
    started = [nginx(origin, ports)]
    for port in ports.values():
        end = time.time() + 5
        while time.time() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
    print(json.dumps([origin, *ports.values()]), flush=True)
    sys.stdin.readline()
    started.append(subprocess.Popen(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=256x144:rate=25",
         "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-g", "25", "-b:v", "300k",
         "-f", "dash", "-ldash", "1", "-streaming", "1", "-seg_duration", str(SEGMENT), "-frag_type", "duration",
         "-frag_duration", str(CHUNK), "-use_template", "1", "-use_timeline", "0", "-write_prft", "1", "-target_latency", "1",
         "-utc_timing_url", f"http://127.0.0.1:{origin}/time", "-method", "PUT", "-http_persistent", "1",
         "-init_seg_name", "init-stream$RepresentationID$.m4s",
         "-media_seg_name", "chunk-stream$RepresentationID$-$Number%05d$.m4s", f"http://127.0.0.1:{origin}/live.mpd"],
        stdin=subprocess.DEVNULL, stderr=open(f"{FOLDER}/ffmpeg.log", "w")))
    until = time.time() + SECONDS
    viewers = [Viewer("direct", origin, "127.0.0.2", 0), Viewer("off", ports["off"], "127.0.0.3", 0),
               Viewer("on", ports["on"], "127.0.0.4", 0), Viewer("first", ports["cached"], "127.0.0.5", 0),
               Viewer("second", ports["cached"], "127.0.0.6", 0.05)]
    threads = [threading.Thread(target=viewer.play, args=(until,)) for viewer in viewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 8)
    for process in reversed(started):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
    for viewer in viewers:
        print(json.dumps(viewer.facts()), flush=True)


main()
