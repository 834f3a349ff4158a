"""The least that PyAV can do with a stream, for comparison: `python -m bench.edge.bare URL keyframes|all`."""

import sys

import av


def main() -> None:
    """Receive and decode; nothing is looked at."""
    url, what = sys.argv[1:]
    options = {"rtsp_transport": "tcp", "allowed_media_types": "video", "probesize": "200000"}
    with av.open(url, format="rtsp", options=options, timeout=10) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type, stream.codec_context.thread_count = "NONE", 1
        if what == "keyframes":
            stream.codec_context.skip_frame = "NONKEY"
        for packet in container.demux(stream):
            packet.decode()


if __name__ == "__main__":
    main()
