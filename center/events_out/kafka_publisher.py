"""Publishes events through Kafka's protocol: acknowledged by all replicas, structured CloudEvents, keyed by subject.

librdkafka holds a batch only while it is under way: what it could not deliver in time it gives up, and the outbox sends
it again. Needs the extra `kafka`.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from center.events_out.errors import ReceiverAwayError
from center.events_out.publisher import Published, QueuedEvent
from center.events_out.schema import CONTENT_TYPE
from center.pipeline.probes import NO_ANSWER
from provisioning.contracts.config.events_out import KafkaReceiver

_NEVER: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD})
"""Errors that concern the message alone."""
_MARGIN_S: Final = 2.0
"""Seconds beyond the time limit within which librdkafka reports what it gave up."""
_QUIET: Final = 0
"""Lowest level of librdkafka's log: health has the cause."""


class KafkaPublisher:
    """Publishes to one cluster."""

    def __init__(self, settings: KafkaReceiver, *, password: str | None) -> None:
        self._settings = settings
        self._password = password
        self._producer: Producer | None = None
        self._cause = ""

    async def open(self) -> bool:
        """Connects unless it is connected. A topic retains nothing: no state has to be sent again.

        Raises:
            ReceiverAwayError: no connection.
        """
        if self._producer is None:
            await asyncio.to_thread(self._connect)
        return False

    async def publish(self, batch: Sequence[QueuedEvent]) -> Published:
        """Sends a batch and waits for its acknowledgements; a fault ends the connection."""
        producer = self._producer
        if producer is None:
            return Published((), NO_ANSWER)
        published = await asyncio.to_thread(self._publish, producer, batch)
        if published.fault:
            await self.close()
        return published

    async def close(self) -> None:
        """Ends the connection, and gives up what is under way."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await asyncio.to_thread(_end, producer)

    def _connect(self) -> None:
        self._cause = ""
        try:
            producer = Producer(self._config())
            producer.list_topics(timeout=self._settings.timeout_s)
        except KafkaException as error:
            raise ReceiverAwayError(target=self._settings.id, cause=self._cause or _text(error.args[0])) from error
        self._producer = producer

    def _publish(self, producer: Producer, batch: Sequence[QueuedEvent]) -> Published:
        found: dict[int, KafkaError | None] = {}

        def report(place: int, error: KafkaError | None, _message: Message) -> None:
            found[place] = error

        for place, event in enumerate(batch):
            try:
                producer.produce(
                    f"{self._settings.topic_prefix}.{event.kind}",
                    value=event.payload,
                    key=event.subject,
                    headers=[("content-type", CONTENT_TYPE.encode())],
                    on_delivery=partial(report, place),
                )
            except KafkaException as error:
                found[place] = error.args[0]
        producer.flush(self._settings.timeout_s + _MARGIN_S)
        results = list[str]()
        for place in range(len(batch)):
            if place not in found:
                return Published(tuple(results), NO_ANSWER)
            outcome = found[place]
            if outcome is not None and outcome.code() not in _NEVER:
                return Published(tuple(results), self._cause or _text(outcome))
            results.append("" if outcome is None else _text(outcome))
        return Published(tuple(results))

    def _config(self) -> dict[str, Any]:
        settings = self._settings
        limit_ms = round(settings.timeout_s * 1000)
        config: dict[str, Any] = {
            "acks": "all",
            "bootstrap.servers": ",".join(settings.servers),
            "client.id": f"wayside-{settings.id}",
            "enable.idempotence": True,
            "error_cb": self._note,
            "linger.ms": 5,
            "log_level": _QUIET,
            "message.timeout.ms": limit_ms,
            "partitioner": "murmur2_random",  # that of Kafka's own clients: a key has one partition for all of them
            "socket.connection.setup.timeout.ms": max(1000, limit_ms),
        }
        for name, file in (
            ("ssl.ca.location", settings.ca_file),
            ("ssl.certificate.location", settings.cert_file),
            ("ssl.key.location", settings.key_file),
        ):
            if file is not None:
                config[name] = str(file)
        has_login = settings.username is not None
        config["security.protocol"] = f"{'SASL_' * has_login}{'PLAINTEXT' if settings.plain_text else 'SSL'}"
        if has_login:
            config["sasl.mechanism"] = settings.sasl_mechanism
            config["sasl.username"], config["sasl.password"] = settings.username, self._password
        return config

    def _note(self, error: KafkaError) -> None:
        self._cause = _text(error)


def _end(producer: Producer) -> None:
    """Gives up what is under way and ends the threads of librdkafka. Blocks."""
    producer.purge()
    producer.close()


def _text(error: KafkaError) -> str:
    return error.str()
