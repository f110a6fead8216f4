"""The heat map of a sweep: its numbers are NumPy's, its words say what it shows, and every colour can be read."""

import io
from itertools import product

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from helpers import Experiment, Result, show_sweep
from helpers.pictures.heatmap import PALETTE, readable
from helpers.results import in_digits

LENGTHS, STRIDES, SEEDS = (24, 3, 12), (8, 1), range(4)


def result(loss, **settings):
    """A Result that ends with a validation loss of the LSTM; the DNN's is ten times as high."""
    val_losses = {"lstm": [1.0, loss], "dnn": [1.0, loss * 10]}
    return Result(Experiment(**settings), val_losses, val_losses, 1, 1, 0.0, "done", {}, {})


@pytest.fixture
def losses():
    """Losses by length, stride and seed."""
    shape = len(LENGTHS), len(STRIDES), len(SEEDS)
    return 10 ** np.random.default_rng(5).uniform(-4, 0, shape)


@pytest.fixture
def results(losses):
    """A Result for each of them."""
    where = [range(n) for n in losses.shape]
    return [
        result(float(losses[i, j, k]), length=LENGTHS[i], stride=STRIDES[j], seed=SEEDS[k])
        for i, j, k in product(*where)
    ]


def test_its_numbers_have_no_halo_since_no_line_crosses_them(results):
    picture, plainly = show_sweep(results), io.BytesIO()
    drawn = picture.png()
    picture.figure.savefig(plainly, format="png", dpi=96, facecolor="white")
    assert drawn == plainly.getvalue()


@pytest.mark.parametrize("model", ["lstm", "dnn"])
def test_its_numbers_are_those_that_numpy_finds(model, losses, results):
    picture, scale = show_sweep(results, model=model), 10 if model == "dnn" else 1
    medians, spreads = scale * np.median(losses, 2), losses.max(2) / losses.min(2)
    svg = picture.svg()[0]
    for (i, length), (j, stride) in product(enumerate(LENGTHS), enumerate(STRIDES)):
        assert picture.medians[stride, length] == pytest.approx(medians[i, j])
        assert picture.spreads[stride, length] == pytest.approx(spreads[i, j])
        assert f">{in_digits(medians[i, j])}</text>" in svg
        assert f">\N{MULTIPLICATION SIGN}{spreads[i, j]:.{int(spreads[i, j] < 9.95)}f}</text>" in svg


def test_its_colours_follow_the_logarithm_of_the_loss(losses, results):
    picture = show_sweep(results)
    least, most = picture.colours.norm.vmin, picture.colours.norm.vmax
    medians = np.median(losses, 2)
    assert least <= medians.min() and medians.max() <= most
    for place, patch in zip(np.ndindex(2, 3), picture.main.patches):
        median = medians[sorted(range(3), key=lambda i: LENGTHS[i])[place[1]], [1, 0][place[0]]]
        share = np.log(median / least) / np.log(most / least)
        assert to_rgb(patch.get_facecolor()) == pytest.approx(to_rgb(PALETTE(share)), abs=0.01)


def test_its_axes_are_in_order_and_named(results):
    axes = show_sweep(results).main
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "8"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["3", "12", "24"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("stride", "length")


def test_its_sentence_names_the_best_the_worst_and_the_seeds(losses, results):
    medians = np.median(losses, 2)
    where = [np.unravel_index(choose(medians), medians.shape) for choose in (np.argmin, np.argmax)]
    best, worst = (f"length {LENGTHS[i]}, stride {STRIDES[j]}" for i, j in where)
    picture = show_sweep(results)
    assert "LSTM validation loss by length and stride, median over 4 seeds." in picture.sentence
    assert f"Best at {best} (" in picture.sentence and f"worst at {worst} (" in picture.sentence
    assert f'alt="{picture.sentence}"' in picture.html()
    assert picture.png().startswith(b"\x89PNG")


def test_a_cell_that_was_not_run_is_hatched(results):
    some = [r for r in results if (r.experiment.length, r.experiment.stride) != (12, 8)]
    picture = show_sweep(some)
    hatched = [place for place, patch in zip(np.ndindex(2, 3), picture.main.patches) if patch.get_hatch()]
    assert hatched == [(1, 1)]
    assert picture.sentence.endswith("Not run: 1 of 6 cells.")
    assert "hatched" not in show_sweep(results).svg()[0] and "hatched: not run" in picture.svg()[0]


def test_runs_that_diverged_are_said_in_words():
    losses = {(3, 0): np.nan, (3, 1): np.inf, (24, 0): 0.5, (24, 1): np.nan}
    picture = show_sweep([result(loss, length=length, seed=seed) for (length, seed), loss in losses.items()])
    svg = picture.svg()[0]
    assert picture.medians == {(1, 24): 0.5}
    assert ">NaN</text>" in svg and ">2 of 2 NaN</text>" in svg and ">1 of 2 NaN</text>" in svg
    assert "Every run diverged (NaN) at length 3, stride 1. Some runs diverged in 1 cell." in picture.sentence


def test_it_draws_when_every_run_diverged_and_when_there_is_one_alone():
    assert "Every run diverged" in show_sweep([result(np.nan)]).sentence
    alone = show_sweep([result(0.25)])
    assert ">0.25</text>" in alone.svg()[0] and not alone.spreads
    assert alone.sentence.endswith("median over 1 seed. ≈ 0.25 at length 24, stride 1.")
    assert show_sweep([result(0.0), result(3e38, seed=1, stride=2)]).png()


def test_its_text_can_be_read_on_every_colour():
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return np.dot(linear, (0.2126, 0.7152, 0.0722))

    for share in np.linspace(0, 1, 256):
        dark, light = sorted(luminance(colour) for colour in (PALETTE(share), readable(PALETTE(share))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_other_settings_may_differ_between_cells_but_not_inside_one():
    fair = [result(0.1, stride=stride, epochs=10 * stride) for stride in (1, 2)]
    assert len(show_sweep(fair).medians) == 2
    with pytest.raises(ValueError, match="results differ in units at stride 1, length 24; show one"):
        show_sweep([result(0.1), result(0.2, units=20)])


def test_the_same_run_twice_counts_once():
    assert "1 seed" in show_sweep([result(0.1), result(0.1)]).sentence


def test_words_can_be_an_axis():
    ways = [result(0.1, dnn_sees=way) for way in ("oldest", "latest", "window")]
    labels = show_sweep(ways, x="dnn_sees").main.get_xticklabels()
    assert [label.get_text() for label in labels] == ["oldest", "latest", "window"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": "width"}, "x 'width' is unknown; use "),
        ({"y": "seed"}, "y 'seed' is unknown; use "),
        ({"x": "length"}, "x and y are both 'length'; use two settings"),
        ({"model": "LSTM"}, "model 'LSTM' is unknown; use 'lstm' or 'dnn'"),
        ({"results": []}, "results has no finished run; use what sweep returns"),
    ],
)
def test_what_cannot_be_shown_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        show_sweep(**{"results": [result(0.1)]} | given)
