"""A small training run that is real: a two-layer network learns to read digits buried in noise, in NumPy.

``python -m dcfoot.demo`` is what the README measures. Nothing comes in: the digits are drawn from a 5x7 font, shifted,
dimmed and buried in noise. One line of loss and held-out accuracy an epoch goes out.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[np.int64]

GLYPHS = """
.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.
#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...#
#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.
.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##..
"""
"""The digits 0 to 9 as a 5x7 dot-matrix display shows them (Hitachi HD44780U data sheet, table 4)."""

SIDE = 12
"""Pixels along one side of an image: room for a glyph to be shifted about."""

BATCH = 100
LEARNING_RATE = 0.05
MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of ``softmax(relu(x @ hidden + hidden_bias) @ output + output_bias)``, or the gradient of each."""

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats

    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four arrays in order."""
        return self.hidden, self.hidden_bias, self.output, self.output_bias


def glyphs() -> Floats:
    """The ten digits, one 7x5 array of zeros and ones each."""
    rows = [line.split() for line in GLYPHS.split("\n") if line]
    return np.array([[[dot == "#" for dot in row[digit]] for row in rows] for digit in range(10)], dtype=np.float32)


def images(count: int, random: np.random.Generator) -> tuple[Floats, Labels]:
    """`count` noisy images of digits, one a row, and which digit each one is."""
    shapes = glyphs()
    labels = random.integers(0, 10, count)
    canvas = random.normal(0.0, 0.35, (count, SIDE, SIDE)).astype(np.float32)
    tops = random.integers(0, SIDE - 7 + 1, count)
    lefts = random.integers(0, SIDE - 5 + 1, count)
    for image, label, top, left in zip(canvas, labels, tops, lefts, strict=True):
        image[top : top + 7, left : left + 5] += shapes[label]
    return canvas.reshape(count, -1), labels


def initial(width: int, random: np.random.Generator) -> Network:
    """A network of `width` hidden units before training (He et al. 2015, doi:10.1109/ICCV.2015.123)."""
    inputs = SIDE * SIDE

    def scaled(rows: int, columns: int) -> Floats:
        return random.normal(0.0, (2.0 / rows) ** 0.5, (rows, columns)).astype(np.float32)

    return Network(scaled(inputs, width), np.zeros(width, np.float32), scaled(width, 10), np.zeros(10, np.float32))


def probabilities(network: Network, x: Floats) -> tuple[Floats, Floats]:
    """The activations of the hidden layer, and the probability of each digit, one row an image."""
    activations = np.maximum(x @ network.hidden + network.hidden_bias, 0.0)
    scores = activations @ network.output + network.output_bias
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return activations, exponentials / exponentials.sum(axis=1, keepdims=True)


def gradient(network: Network, x: Floats, labels: Labels) -> tuple[float, Network]:
    """The mean cross-entropy of a batch, and its derivative by every weight."""
    rows = np.arange(len(labels))
    activations, answers = probabilities(network, x)
    loss = -np.log(answers[rows, labels] + 1e-12).mean()
    answers[rows, labels] -= 1.0
    answers /= len(labels)
    back = (answers @ network.output.T) * (activations > 0.0)
    return float(loss), Network(x.T @ back, back.sum(axis=0), activations.T @ answers, answers.sum(axis=0))


def accuracy(network: Network, x: Floats, labels: Labels) -> float:
    """The share of images whose likeliest digit is the right one, 0..1."""
    return float((probabilities(network, x)[1].argmax(axis=1) == labels).mean())


def train(network: Network, count: int, random: np.random.Generator) -> Iterator[tuple[float, Network]]:
    """Yields, after each `count` new images, their mean loss and the network (gradient descent with momentum)."""
    velocity = [np.zeros_like(array) for array in network.arrays()]
    while True:
        x, labels = images(count, random)
        losses: list[float] = []
        for first in range(0, count, BATCH):
            batch = slice(first, first + BATCH)
            loss, slope = gradient(network, x[batch], labels[batch])
            velocity = [MOMENTUM * v - LEARNING_RATE * g for v, g in zip(velocity, slope.arrays(), strict=True)]
            network = Network(*(w + v for w, v in zip(network.arrays(), velocity, strict=True)))
            losses.append(loss)
        yield sum(losses) / len(losses), network


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, and prints a line an epoch; returns 0 where the network does better than a guess, else 1."""
    parser = argparse.ArgumentParser(prog="python -m dcfoot.demo", description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--images", type=int, default=20_000, help="new images an epoch")
    parser.add_argument("--width", type=int, default=1024, help="hidden units")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)

    random = np.random.default_rng(options.seed)
    held_out = images(2_000, random)
    score = 0.0
    started_s = perf_counter()
    training = train(initial(options.width, random), options.images, random)
    for epoch, (loss, network) in zip(range(1, options.epochs + 1), training, strict=False):
        score = accuracy(network, *held_out)
        elapsed_s = perf_counter() - started_s
        print(f"epoch {epoch:2d}  loss {loss:.3f}  held-out accuracy {score:6.1%}  {elapsed_s:5.1f} s", flush=True)
    return 0 if score > 0.2 else 1


if __name__ == "__main__":
    raise SystemExit(main())
