"""What a Serve handle costs: a call of one byte, beside the same call to a plain Ray actor. In a process of its own.

python -m bench.cluster.handles [SHARE]     prints one JSON object; RAY_SERVE_THROUGHPUT_OPTIMIZED=1 is read by Ray.
                                    SHARE of the calls: .02 shows that it works
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import ray
from ray import serve

CONCURRENT = (1, 64, 512)
_CALLS = {1: 300, 64: 2000, 512: 4000}


class Echo:
    """Gives back what it gets."""

    async def echo(self, content: bytes) -> bytes:
        """The call."""
        return content


async def latencies_ms(call: Callable[[], Awaitable[Any]], concurrent: int, count: int) -> tuple[list[float], float]:
    """Of `count` calls, sorted, and calls a second."""
    taken: list[float] = []
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            began = time.perf_counter()
            await call()
            taken.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrent)))
    return sorted(taken), count / (time.perf_counter() - began)


async def measured(share: float) -> dict[str, dict[str, float]]:
    """By concurrency and kind."""
    serve.start(proxy_location="Disabled", logging_config={"enable_access_log": False, "log_level": "ERROR"})
    handle = serve.run(serve.deployment(max_ongoing_requests=1024)(Echo).bind(), name="echo", route_prefix=None)
    actor: Any = ray.remote(Echo).options(max_concurrency=1024).remote()
    found = {}
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "handle": lambda: handle.echo.remote(b"x"),
        "actor": lambda: actor.echo.remote(b"x"),
    }
    for call in calls.values():
        await latencies_ms(call, 8, max(8, round(share * 200)))
    for concurrent in CONCURRENT:
        for name, call in calls.items():
            taken, rate = await latencies_ms(call, concurrent, max(concurrent, round(share * _CALLS[concurrent])))
            found[f"{name} {concurrent}"] = {
                "p50_ms": taken[len(taken) // 2], "p99_ms": taken[len(taken) * 99 // 100], "per_s": rate,
            }  # fmt: skip
    return found


def main() -> None:
    """See the module."""
    ray.init(num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.2", log_to_driver=False)
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    sys.stdout.write(json.dumps(asyncio.run(measured(share))) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
