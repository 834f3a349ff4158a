"""A scripted platform on real sockets, and the receiver of a session's media."""

import io
import re
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import av

from tests.provisioning.demo.simulators.gb28181 import scripted_platform as script
from tests.provisioning.demo.simulators.gb28181.scripted_platform import CHANNEL_ID, header
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until


class Platform:
    """Answers on UDP and TCP as a script does, in a thread, and notes what it was told."""

    def __init__(self) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.address = ("127.0.0.1", free_port())
        self.udp.bind(self.address)
        self.tcp = socket.create_server(self.address)
        self.heard: list[str] = []
        self.methods: Counter[str] = Counter()
        self.peers: dict[str, tuple[str, int] | socket.socket] = {}
        """Where each user was last heard from."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, user: str, data: bytes) -> None:
        peer = self.peers[user]
        if isinstance(peer, socket.socket):
            peer.sendall(data)
        else:
            self.udp.sendto(data, peer)

    def answer_to(self, call_id: str, status: int = 200) -> str | None:
        """The answer to an INVITE."""
        return next((t for t in self.heard if t.startswith(f"SIP/2.0 {status}") and f"Call-ID: {call_id}\r" in t), None)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(LONG_S)
        for sock in [self.udp, self.tcp, *(peer for peer in self.peers.values() if isinstance(peer, socket.socket))]:
            sock.close()

    def _run(self) -> None:
        open_: dict[socket.socket, bytes] = {}
        while not self._stop.is_set():
            ready, _, _ = select.select([self.udp, self.tcp, *open_], [], [], 0.05)
            for sock in ready:
                if sock is self.udp:
                    data, peer = self.udp.recvfrom(65536)
                    self._hear(data.decode("gb18030"), peer)
                elif sock is self.tcp:
                    open_[self.tcp.accept()[0]] = b""
                elif not (data := self._read(sock)):
                    open_.pop(sock)
                    sock.close()
                else:
                    open_[sock] += data
                    while (found := re.search(rb"Content-Length: (\d+)\r\n\r\n", open_[sock])) and len(
                        open_[sock]
                    ) >= found.end() + int(found[1]):
                        whole = found.end() + int(found[1])
                        self._hear(open_[sock][:whole].decode("gb18030"), sock)
                        open_[sock] = open_[sock][whole:]

    @staticmethod
    def _read(sock: socket.socket) -> bytes:
        try:
            return sock.recv(65536)
        except ConnectionResetError:
            return b""

    def _hear(self, text: str, peer: Any) -> None:
        self.heard.append(text)
        if text.startswith("SIP/2.0 "):
            return
        self.methods[text.split(" ", maxsplit=1)[0]] += 1
        self.peers[re.findall(r"sip:(\d+)@", header(text, "From"))[0]] = peer
        if not text.startswith("REGISTER"):
            answer = script.reply(text, 200)
        elif "Authorization" in text:
            answer = script.accept(text)
        else:
            answer = script.challenge(text)
        if isinstance(peer, socket.socket):
            peer.sendall(answer)
        else:
            self.udp.sendto(answer, peer)


class Receiver:
    """Takes one session's media to its end."""

    def __init__(self, transport: str) -> None:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.transport = transport
        self.sock = socket.socket(socket.AF_INET, kind)
        if transport == "udp":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(("127.0.0.1", 0))
        if transport == "tcp_passive":
            self.sock.listen()
        self.sock.settimeout(LONG_S)
        self.address: tuple[str, int] = self.sock.getsockname()

    def offer(self, **options: Any) -> bytes:
        lines = [*options.pop("lines", [])]
        if self.transport != "udp":
            lines += [f"a=setup:{self.transport.removeprefix('tcp_')}", "a=connection:new"]
        media = "RTP/AVP" if self.transport == "udp" else "TCP/RTP/AVP"
        return script.invite(address=self.address, media=media, lines=lines, **options)

    def packets(self, answer: str, is_sent: Callable[[], bool]) -> list[bytes]:
        """Everything, once all of it is sent."""
        if self.transport == "udp":
            return _until_silence(self.sock, is_sent)
        data = self.stream(answer, is_sent)
        found = []
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
        return found

    def stream(self, answer: str, is_sent: Callable[[], bool]) -> bytes:
        """The bytes of a TCP session, once all of them are sent."""
        if self.transport == "tcp_passive":
            connection = self.sock.accept()[0]
        else:
            connection = self.sock
            connection.connect(("127.0.0.1", int(re.findall(r"m=video (\d+) TCP", answer)[0])))
        data = b"".join(_until_silence(connection, is_sent))
        self.sock.close()
        return data


def _until_silence(sock: socket.socket, is_sent: Callable[[], bool]) -> list[bytes]:
    sock.settimeout(0.5)
    found: list[bytes] = []
    with sock:
        while True:
            was_sent = is_sent()
            try:
                piece = sock.recv(65536)
            except TimeoutError:
                if was_sent:
                    return found
            else:
                found.append(piece)
                if not piece:
                    return found


def talk(platform: Platform, receiver: Receiver, **options: Any) -> str:
    """INVITE and ACK. Returns the 200."""
    platform.send(script.DEVICE_ID, receiver.offer(**options))
    until(lambda: platform.answer_to("call-1"))
    platform.send(script.DEVICE_ID, script.request("ACK", CHANNEL_ID))
    return platform.answer_to("call-1") or ""


def decoded(packets: list[bytes]) -> int:
    """Pictures that FFmpeg makes of program stream packets, in order of their sequence numbers."""
    data = b"".join(packet[12:] for packet in sorted(packets, key=lambda packet: packet[2:4]))
    with av.open(io.BytesIO(data), "r", format="mpeg") as container:
        return sum(1 for _ in container.decode(video=0))
