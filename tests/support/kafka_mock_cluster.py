"""Holds the mock cluster of librdkafka, says its address, and waits to be ended."""

import signal
import sys

from confluent_kafka import Producer

if __name__ == "__main__":
    holder = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1})
    (broker,) = holder.list_topics(timeout=60).brokers.values()
    sys.stdout.write(f"{broker.host}:{broker.port}\n")
    sys.stdout.flush()
    signal.pause()
