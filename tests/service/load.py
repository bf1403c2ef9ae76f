"""Many clients at once, each asking again as soon as it was answered."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.waiting import PATIENCE_S


@dataclass
class Load:
    """What came of it: `lost` are requests that were sent and got no whole response."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    accepted_s: list[float] = field(default_factory=list[float])
    lost: list[str] = field(default_factory=list[str])
    not_connected: int = 0
    without_retry_after: int = 0

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.accepted_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def press(
    url: str,
    questions: list[str],
    clients: int,
    enough: Callable[[Load], bool],
    key: str = "",
) -> Load:
    """Ask with so many clients until it is enough, or the service takes no more connections."""
    load = Load()
    tasks = [_client(url, questions[n:] + questions[:n], enough, load, key) for n in range(clients)]
    await asyncio.gather(*tasks)
    return load


async def _client(
    url: str, questions: list[str], enough: Callable[[Load], bool], load: Load, key: str
) -> None:
    where = urlsplit(url)
    reader = writer = None
    n = 0
    while not enough(load):
        if writer is None or reader is None:
            try:
                reader, writer = await asyncio.open_connection(where.hostname, where.port)
            except OSError:
                load.not_connected += 1
                return
        n += 1
        body = json.dumps({"question": questions[n % len(questions)]}).encode()
        bearer = f"Authorization: Bearer {key}\r\n" if key else ""
        head = (
            f"POST /v1/ask HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"{bearer}Content-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        try:
            writer.write(head.encode() + body)
            received = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
            fields = dict(
                line.split(": ", 1) for line in received.decode().lower().split("\r\n")[1:-2]
            )
            content = await asyncio.wait_for(
                reader.readexactly(int(fields["content-length"])), PATIENCE_S
            )
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            load.lost.append(repr(error))
            writer.close()
            reader = writer = None
            continue
        status = int(received.split()[1])
        load.statuses[status] += 1
        if status == 200:
            load.accepted_s.append(time.perf_counter() - began)
            assert "answered" in json.loads(content)
        elif "retry-after" not in fields:
            load.without_retry_after += 1
        else:
            await asyncio.sleep(0.02)  # who is refused comes again a little later
        if fields.get("connection") == "close":
            writer.close()
            reader = writer = None
    if writer:
        writer.close()
