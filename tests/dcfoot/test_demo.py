"""The demonstration is a real training: its gradient is the derivative, its loss falls, it beats a guess by far."""

import numpy as np
import pytest

from dcfoot.demo import BATCH, accuracy, glyphs, gradient, images, initial, main, probabilities, train
from simulated.near import near


def test_the_font_has_the_ten_digits_and_all_differ() -> None:
    digits = glyphs()
    assert digits.shape == (10, 7, 5)
    assert len({digit.tobytes() for digit in digits}) == 10
    # Dots of the HD44780U's 1 and 7, counted by hand in its data sheet.
    assert [int(digits[number].sum()) for number in (1, 7)] == [10, 11]


def test_an_image_is_its_digit_somewhere_in_noise_of_the_stated_width() -> None:
    x, labels = images(4_000, np.random.default_rng(3))
    assert x.shape == (4_000, 144)
    assert np.bincount(labels, minlength=10).min() > 300
    dots = glyphs().sum(axis=(1, 2))[labels]
    # What is above the mean of the noise, 0, is the glyph; 144 pixels of noise of 0.35 spread by 4.2.
    assert float((x.sum(axis=1) - dots).std()) == near(0.35 * 12, rel=0.05)


def test_the_gradient_is_the_derivative_of_the_loss() -> None:
    random = np.random.default_rng(1)
    network = initial(8, random)
    x, labels = images(20, random)
    _, slope = gradient(network, x, labels)
    step = 1e-2
    for weights, by_hand in zip(network.arrays(), slope.arrays(), strict=True):
        place = np.unravel_index(int(np.abs(by_hand).argmax()), by_hand.shape)
        before = weights[place]
        losses: list[float] = []
        for sign in (1, -1):
            weights[place] = before + sign * step
            losses.append(gradient(network, x, labels)[0])
        weights[place] = before
        assert float(by_hand[place]) == near((losses[0] - losses[1]) / (2 * step), rel=0.05)


def test_probabilities_add_up_to_one_however_large_the_scores() -> None:
    network = initial(8, np.random.default_rng(1))
    x = np.full((3, 144), 1e4, dtype=np.float32)
    assert probabilities(network, x)[1].sum(axis=1).tolist() == [near(1.0, rel=1e-5)] * 3


def test_training_lowers_the_loss_and_beats_a_guess_by_far() -> None:
    random = np.random.default_rng(1)
    held_out = images(1_000, random)
    training = train(initial(64, random), 20 * BATCH, random)
    epochs = [next(training) for _ in range(30)]
    assert epochs[-1][0] < 0.7 * epochs[0][0]
    assert accuracy(epochs[0][1], *held_out) >= 0.05
    assert accuracy(epochs[-1][1], *held_out) > 0.5


def test_it_prints_a_line_an_epoch_and_the_same_for_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--epochs", "4", "--images", "4000", "--width", "64"]
    lines: list[list[list[str]]] = []
    for _ in range(2):
        assert main(arguments) == 0
        lines.append([line.split()[1:7:2] for line in capsys.readouterr().out.splitlines()])
    assert [line[0] for line in lines[0]] == ["1", "2", "3", "4"]
    assert lines[0] == lines[1]


def test_one_that_learned_nothing_says_so_by_its_exit_status() -> None:
    assert main(["--epochs", "0"]) == 1
