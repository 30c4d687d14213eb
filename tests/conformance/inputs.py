"""Makes the files that a scenario starts from. They are made once and copied, so every writer reads the
same bytes."""

from __future__ import annotations

import wave
from pathlib import Path

from PIL import Image
from scenario_media import film, pixels, samples


def make_inputs(inputs: dict, folder: Path) -> None:
    for name, spec in inputs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "text" in spec:
            path.write_bytes(spec["text"].encode())
        elif "image" in spec:
            shape = spec["image"]
            Image.fromarray(pixels(shape, shape["height"], shape["width"], shape["channels"])).save(path)
        elif "film" in spec:
            frames = [Image.fromarray(frame) for frame in film(**spec["film"])]
            frames[0].save(path, save_all=True, append_images=frames[1:], duration=250, loop=0)
        elif "wav" in spec:
            with wave.open(str(path), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(spec["wav"]["rate"])
                out.writeframes((samples(spec["wav"]["samples"]) * 32767).astype("<i2").tobytes())
        else:
            raise ValueError(f"the scenario's input {name} is of an unknown kind: {spec}")
