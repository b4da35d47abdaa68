"""Something like speech for Chromium's fake microphone: its own beep is mostly silence, which no line harms."""

from __future__ import annotations

import array
import math
import random
import wave
from pathlib import Path

RATE = 48_000
STEPS = 200  # of a syllable's wave table


def write(path: Path, seconds: int = 8, seed: int = 1) -> Path:
    """Voiced syllables of 120 to 250 ms with formants, every eighth a pause; mono, 16 bit, to be played in a loop."""
    chance = random.Random(seed)
    samples = array.array("h")
    while len(samples) < seconds * RATE:
        length = int(RATE * chance.uniform(0.12, 0.25))
        if chance.random() < 1 / 8:
            samples.extend([0] * length)
            continue
        pitch = chance.uniform(110, 220)
        wave_table = _voice(pitch, [chance.uniform(*band) for band in ((300, 900), (1000, 2500), (2500, 4000))])
        step = pitch * STEPS / RATE
        samples.extend(
            int(wave_table[int(at * step) % STEPS] * math.sin(math.pi * at / length)) for at in range(length)
        )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def _voice(pitch: float, formants: list[float]) -> list[float]:
    """One period, its overtones loudest near the formants."""
    loud = [sum(1 / (1 + ((pitch * n - formant) / 200) ** 2) for formant in formants) for n in range(1, 25)]
    table = [
        sum(gain * math.sin(2 * math.pi * (n + 1) * at / STEPS) for n, gain in enumerate(loud)) for at in range(STEPS)
    ]
    peak = max(map(abs, table))
    return [12_000 * value / peak for value in table]
