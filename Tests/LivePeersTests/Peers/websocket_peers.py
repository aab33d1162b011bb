"""Python's websockets on loopback: messages both ways, compressed and not, fragmented, pings and a close.

Prints the port as a JSON list, waits for a line, and prints what each end sent as JSON objects, one a connection.
"""
import asyncio
import json
import sys
import time

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def echo(socket):
    try:
        async for message in socket:
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass


async def talk(name, port, compression):
    sent = {"text": 0, "binary": 0, "bytes": 0, "trips": []}
    async with connect(f"ws://127.0.0.1:{port}/{name}", compression=compression, ping_interval=None,
                       max_size=1 << 22, subprotocols=["chat"]) as socket:
        address = socket.local_address
        for number in range(20):
            text = f"message {number} " * (1 + 40 * number)
            await socket.send(text)
            await socket.recv()
            sent["text"] += 1
            sent["bytes"] += len(text)
        for size in (1, 125, 126, 65535, 65536, 200000):
            data = bytes(number % 251 for number in range(size))
            await socket.send(data)
            await socket.recv()
            sent["binary"] += 1
            sent["bytes"] += size
        # In three fragments.
        await socket.send(["one ", "two ", "three"])
        sent["text"] += 1
        sent["bytes"] += 13
        await socket.recv()
        for _ in range(5):
            before = time.perf_counter()
            await (await socket.ping())
            sent["trips"].append(1000 * (time.perf_counter() - before))
        extensions = ", ".join(extension.name for extension in socket.protocol.extensions)
        await socket.close(4001, "enough")
    return {"name": name, "client_port": address[1], "extensions": extensions, **sent}


async def main():
    async with serve(echo, "127.0.0.1", 0, subprotocols=["chat"], ping_interval=None, max_size=1 << 22) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps([port]), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        for name, compression in (("deflate", "deflate"), ("plain", None)):
            print(json.dumps(await talk(name, port, compression)), flush=True)


asyncio.run(main())
