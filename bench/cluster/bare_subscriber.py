"""The least that can take snapshots from the broker: `python -m bench.cluster.bare_subscriber BROKER_JSON COUNT TIMES`.

paho, MQTT 5 over TLS, QoS 1, acknowledged at once, nothing done with them. Prints `ready`, and a line each time that
COUNT more have come.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from provisioning.contracts.config.processes import Broker
from provisioning.contracts.wire import topics


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    broker = Broker.model_validate_json(Path(arguments[0]).read_bytes())
    count, times = int(arguments[1]), int(arguments[2])
    seen = 0
    done = threading.Event()

    def on_message(_client: mqtt.Client, _data: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen % count == 0:
            _say(f"{seen}")
        if seen == count * times:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-subscriber", protocol=mqtt.MQTTv5)
    client.tls_set(str(broker.ca_file), str(broker.cert_file), str(broker.key_file))
    client.on_connect = lambda connected, *_: connected.subscribe(topics.snapshots_shared("bench"), qos=1)
    client.on_subscribe = lambda *_: _say("ready")
    client.on_message = on_message
    client.connect(broker.host, broker.port)
    client.loop_start()
    done.wait()
    client.disconnect()
    client.loop_stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
