"""What the load is sent to: `app.py PORT VERSION`. A thread for each connection; nothing beyond Debian's python3.

GET /            the version
GET /health      ok; 503 from the moment it is asked to stop
GET /slow?ms=N   the version, after so long
POST /upload     the version and the SHA-256 of what arrived
GET /socket      a WebSocket: `echo TEXT VERSION` for each message, and `tick N VERSION` each tenth of a second

At SIGTERM it takes what has connected already, says goodbye on its WebSockets, finishes what it serves, and ends.
"""

import base64
import hashlib
import select
import signal
import socket
import struct
import sys
import threading
import time

port, version = int(sys.argv[1]), sys.argv[2]
stopping = threading.Event()
busy = set()
busy_changed = threading.Condition()


def main():
    # Before a request can come: what has to be stopped gently is asked to from the first moment on.
    wake_read, wake_write = socket.socketpair()
    signal.signal(signal.SIGTERM, lambda *_: wake_write.send(b"x"))
    listener = socket.create_server(("0.0.0.0", port), backlog=1024)
    listener.setblocking(False)
    while True:
        ready, _, _ = select.select([listener, wake_read], [], [])
        accept_all(listener)
        if wake_read in ready:
            break
    stopping.set()
    accept_all(listener)
    listener.close()
    with busy_changed:
        busy_changed.wait_for(lambda: not busy, timeout=20)


def accept_all(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        with busy_changed:
            busy.add(connection)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def serve(connection):
    try:
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest, stays = b"", True
        while stays:
            head, rest = read_head(connection, rest)
            rest, stays = (b"", False) if head is None else answer(connection, head, rest)
            if stays and rest == b"":
                stays = wait_for_more(connection)
    except OSError:
        pass
    finally:
        # Also what the connection's buffer holds: nobody waits for the end of this process.
        connection.close()
        with busy_changed:
            busy.discard(connection)
            busy_changed.notify_all()


def wait_for_more(connection):
    """Whether another request comes on a kept connection; not any more once it is asked to stop."""
    while not stopping.is_set():
        if select.select([connection], [], [], 0.1)[0]:
            return True
    return False


def read_head(connection, data):
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None, b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def answer(connection, head, rest):
    """Answers one request. What is left of the input, and whether the connection stays."""
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path, _, query = target.partition("?")
    if path == "/socket":
        talk(connection, headers["sec-websocket-key"], rest)
        return b"", False
    status, text = "200 OK", version
    if path == "/health":
        status, text = ("503 Service Unavailable", "stopping") if stopping.is_set() else (status, "ok")
    elif path == "/slow":
        time.sleep(int(query.partition("=")[2]) / 1000)
    elif path == "/upload":
        digest, rest = read_digest(connection, int(headers["content-length"]), rest)
        text = f"{version} {digest}"
    stays = headers.get("connection", "").lower() != "close" and not stopping.is_set()
    body = text.encode() + b"\n"
    keep = "keep-alive" if stays else "close"
    connection.sendall(
        f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: {keep}\r\n\r\n".encode() + body
    )
    return rest, stays


def read_digest(connection, left, rest):
    digest = hashlib.sha256()
    while True:
        piece, rest = rest[:left], rest[left:]
        digest.update(piece)
        left -= len(piece)
        if left == 0:
            return digest.hexdigest(), rest
        rest = connection.recv(262144)
        if not rest:
            raise ConnectionError("the upload ended early")


def talk(connection, key, data):
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: " + accept + b"\r\n\r\n"
    )
    ticks, due, goodbye = 0, time.monotonic(), False
    while True:
        while (parsed := parse_frame(data)) is not None:
            opcode, payload, data = parsed
            if opcode == 8:
                if not goodbye:
                    send_frame(connection, 8, payload[:2])
                return
            if opcode == 1 and not goodbye:
                send_frame(connection, 1, f"echo {payload.decode()} {version}".encode())
        now = time.monotonic()
        if stopping.is_set() and not goodbye:
            goodbye = True
            send_frame(connection, 8, struct.pack("!H", 1001))
        if now >= due and not goodbye:
            ticks, due = ticks + 1, due + 0.1
            send_frame(connection, 1, f"tick {ticks} {version}".encode())
        if select.select([connection], [], [], max(0, due - now) if not goodbye else 1)[0]:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece


def send_frame(connection, opcode, payload):
    connection.sendall(struct.pack("!BB", 0x80 | opcode, len(payload)) + payload)


def parse_frame(data):
    """A client's frame, short and masked as browsers send it; None: not all of it has arrived."""
    if len(data) < 2:
        return None
    length = data[1] & 0x7F
    if len(data) < 6 + length:
        return None
    mask = data[2:6]
    return data[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(data[6 : 6 + length])), data[6 + length :]


main()
