"""Writes examples/data/digits.csv from scikit-learn's bundled handwritten digits.

One line per image: its digit, then 64 grey values of 0 to 16, row by row. Run it with any Python that
has scikit-learn; the result is the same each time.
"""

import pathlib

from sklearn.datasets import load_digits

TARGET = pathlib.Path(__file__).parent.parent / "examples" / "data" / "digits.csv"


def main() -> None:
    digits = load_digits()
    lines = [
        ",".join([str(label), *(str(int(pixel)) for pixel in image)])
        for label, image in zip(digits.target, digits.data, strict=True)
    ]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
