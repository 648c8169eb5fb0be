"""Measure several ways of sending records in turns, so that a busy machine hurts all of them alike."""

import random
import statistics
import threading
import time
from collections.abc import Callable

ROUNDS = 3
"""The best of each way counts."""

Seconds = list[float]
Send = Callable[[], None]


def records(count: int) -> list[dict]:
    chance = random.Random(1)
    words = ["".join(chance.choices("aeilnorstuéü", k=chance.randint(2, 9))) for _ in range(2000)]
    return [
        {
            "index": number,
            "unique_id": f"{chance.getrandbits(128):032x}",
            "description": " ".join(chance.choices(words, k=45)),
            "follower_count": f"{chance.randint(1, 999)}k",
            "is_image_or_video": "image",
        }
        for number in range(count)
    ]


def measure(clients: list[Send], seconds: float) -> tuple[float, Seconds]:
    """Let clients send at once; return sends a second, and how long each took."""
    took: Seconds = []
    end = time.perf_counter() + seconds

    def work(send: Send) -> None:
        while (began := time.perf_counter()) < end:
            send()
            took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=work, args=(send,)) for send in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / seconds, took


def compare(
    title: str, unit: str, count: int, ways: dict[str, list[Send]], seconds: float, before: Send = lambda: None
) -> None:
    """Print how fast each way is, beside the first one; `before` runs before each measurement."""
    best: dict[str, tuple[float, Seconds]] = {}
    for _ in range(ROUNDS):
        for name, clients in ways.items():
            before()
            result = measure(clients, seconds)
            best[name] = max(best.get(name, result), result)
    plain = next(iter(best.values()))[0]
    print(f"\n{title:44} {unit:>11}  {'ratio':>6}  {'p50 ms':>7}  {'p99 ms':>7}")
    for name, (rate, took) in best.items():
        p50, p99 = statistics.median(took) * 1000, statistics.quantiles(took, n=100)[98] * 1000
        print(f"  {name:42} {rate * count:11,.0f}  {rate / plain:6.2f}  {p50:7.1f}  {p99:7.1f}")
