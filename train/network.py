"""Train the network over a page's blocks: gradients by hand in NumPy, no deep-learning package.

The loss of a page is its blocks' cross-entropy, weighted as for the trees, plus half of one minus a
soft word F1: what `classifier.decide` will be judged by, made differentiable (Milletari et al. 2016).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.features.arrays import Floats
from classifier.network import DILATIONS, POOLED_AFTER, Network, shapes

__all__ = ["Lesson", "Pages", "fit_network", "neighbourhood"]

# Chosen by grouped cross-validation on WCXB; from eight passes on the network learns pages by heart.
EPOCHS: Final = 8
BATCH: Final = 8
# Pages of like length share a batch, drawn from this many at a time.
POOL: Final = 64
RATE: Final = 3e-3
WARM_UP: Final = 0.2
DECAY: Final = 1e-2
DROPOUT: Final = 0.3
F1_WEIGHT: Final = 0.5
# A longer page is cut for training: its tail is more of the same.
MAX_BLOCKS: Final = 3000
MAX_NORM: Final = 1.0
# Adam (Kingma and Ba 2015), with weight decay apart from the gradient (Loshchilov and Hutter 2019).
BETAS: Final = (0.9, 0.999)
TINY: Final = 1e-8

Arrays = dict[str, Floats]
_FIXED: Final = ("centre", "scale")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One page to learn from, with n blocks."""

    matrix: Floats
    """Features; shape (n, columns)."""
    label: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    """Weight of each block's cross-entropy, the page's weight in sum; shape (n,)."""
    words: npt.NDArray[np.integer]
    """Words of each block; shape (n,)."""

    def cut(self) -> "Lesson":
        """Its first blocks, as many as training takes."""
        if len(self.matrix) <= MAX_BLOCKS:
            return self
        some = slice(MAX_BLOCKS)
        return Lesson(self.matrix[some], self.label[some], self.weight[some], self.words[some])


@dataclass(frozen=True, slots=True)
class Pages:
    """Where pages lie in an array of blocks: one after the other, with empty rows between them."""

    start: npt.NDArray[np.int64]
    """First row of each page; shape (pages,)."""
    size: npt.NDArray[np.int64]
    """Blocks of each page; shape (pages,)."""
    inside: Floats
    """1 for rows of a page, 0 for the rows between; shape (rows, 1)."""
    weight: Floats
    """Weight of each block in the second of the two means over its page; sums to 1; shape (rows, 1)."""

    @classmethod
    def lay(cls, words: list[npt.NDArray[np.integer]]) -> "Pages":
        """Room for pages with these words a block, so far apart that no layer looks across."""
        size = np.array([len(page) for page in words], np.int64)
        room = size + max(DILATIONS)
        start = np.cumsum(room) - room
        rows = int(room.sum())
        inside, weight = np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32)
        for first, page in zip(start, words, strict=True):
            power = np.sqrt(np.maximum(page, 1)).astype(np.float32)
            inside[first : first + len(page), 0] = 1
            weight[first : first + len(page), 0] = power / power.sum()
        return cls(start, size, inside, weight)

    def place(self, matrices: list[Floats]) -> Floats:
        """The pages' rows, zeros between; shape (rows, columns)."""
        out = np.zeros((len(self.inside), matrices[0].shape[1]), np.float32)
        for first, matrix in zip(self.start, matrices, strict=True):
            out[first : first + len(matrix)] = matrix
        return out

    def means(self, z: Floats) -> Floats:
        """Mean and weighted mean of each page's rows; shape (pages, 2 * columns)."""
        sums = np.add.reduceat(np.concatenate((z, z * self.weight), axis=1), self.start)
        sums[:, : z.shape[1]] /= self.size[:, None]
        return sums

    def spread(self, per_page: Floats) -> Floats:
        """A row a page -> the same row for each of its rows, the empty ones included."""
        rows = np.diff(np.append(self.start, len(self.inside)))
        return np.repeat(per_page, rows, axis=0)


def fit_network(lessons: Sequence[Lesson], seed: int = 0) -> Network:
    """Train a network; the same lessons and seed give the same network on the same machine."""
    rng = np.random.default_rng(seed)
    network = _blank(lessons, rng)
    ready = [
        Lesson(network.standardise(one.matrix), one.label, one.weight, one.words)
        for one in (lesson.cut() for lesson in lessons)
    ]
    weights: Arrays = {name: array for name, array in network.arrays() if name not in _FIXED}
    first = {name: np.zeros_like(array) for name, array in weights.items()}
    second = {name: np.zeros_like(array) for name, array in weights.items()}
    steps = EPOCHS * -(-len(ready) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        for batch in _batches(ready, rng):
            step += 1
            gradients = _gradients(weights, batch, rng)
            _adam(weights, gradients, (first, second), step, _rate(step / steps))
    return Network(centre=network.centre, scale=network.scale, **weights)


def _blank(lessons: Sequence[Lesson], rng: np.random.Generator) -> Network:
    """A network before training: features standardised, small random weights."""
    rows = sum(len(one.matrix) for one in lessons)
    mean = sum(one.matrix.sum(axis=0, dtype=np.float64) for one in lessons) / rows
    square = sum(((one.matrix - mean) ** 2).sum(axis=0) for one in lessons) / rows
    arrays: Arrays = {}
    for name, shape in shapes(lessons[0].matrix.shape[1]).items():
        if name.endswith("bias"):
            arrays[name] = np.zeros(shape, np.float32)
        else:
            inputs = shape[0] if len(shape) < 3 else shape[1]
            arrays[name] = rng.normal(0, 0.6 / np.sqrt(inputs), shape).astype(np.float32)
    arrays["centre"] = np.asarray(mean, np.float32)
    arrays["scale"] = (np.sqrt(square) + 1e-3).astype(np.float32)
    return Network(**arrays)


def _batches(lessons: Sequence[Lesson], rng: np.random.Generator) -> Iterator[list[Lesson]]:
    order = rng.permutation(len(lessons))
    for start in range(0, len(order), POOL):
        pool = sorted(order[start : start + POOL].tolist(), key=lambda i: len(lessons[i].matrix))
        for at in range(0, len(pool), BATCH):
            yield [lessons[i] for i in pool[at : at + BATCH]]


def _rate(done: float) -> float:
    """Learning rate after a share of all steps: up, then down along a cosine (Smith 2018)."""
    if done < WARM_UP:
        return float(RATE * (0.04 + 0.96 * 0.5 * (1 - np.cos(np.pi * done / WARM_UP))))
    return float(RATE * 0.5 * (1 + np.cos(np.pi * min(1.0, (done - WARM_UP) / (1 - WARM_UP)))))


def _adam(weights: Arrays, gradients: Arrays, moments: tuple[Arrays, Arrays], step: int, rate: float) -> None:
    norm = float(np.sqrt(sum(float((g**2).sum()) for g in gradients.values())))
    shrink = min(1.0, MAX_NORM / (norm + TINY))
    for name, gradient in gradients.items():
        first, second = moments[0][name], moments[1][name]
        first += (1 - BETAS[0]) * (gradient * shrink - first)
        second += (1 - BETAS[1]) * ((gradient * shrink) ** 2 - second)
        move = first / (1 - BETAS[0] ** step)
        size = np.sqrt(second / (1 - BETAS[1] ** step)) + TINY
        weights[name] -= (rate * (move / size + DECAY * weights[name])).astype(np.float32)


def _dropped(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Factors that silence a share of the units and raise the others."""
    kept = rng.random(shape, dtype=np.float32) >= DROPOUT
    return kept.astype(np.float32) / np.float32(1 - DROPOUT)


def _gradients(weights: Arrays, batch: Sequence[Lesson], rng: np.random.Generator) -> Arrays:
    """Gradients of the batch's mean loss by all weights: forward, then the same way back."""
    pages = Pages.lay([one.words for one in batch])
    x = pages.place([one.matrix for one in batch])
    x *= _dropped(x.shape, rng)
    active = x @ weights["input"] + weights["input_bias"]
    z = np.maximum(active, 0) * pages.inside
    trail: list[tuple[Floats, Floats]] = []
    means: list[Floats] = []
    for layer, dilation in enumerate(DILATIONS):
        seen = neighbourhood(z, dilation)
        before = seen @ weights["convolution"][layer] + weights["convolution_bias"][layer]
        keep = _dropped(before.shape, rng) * pages.inside * (before > 0)
        trail.append((seen, keep))
        z = z + before * keep
        if layer in POOLED_AFTER:
            at = POOLED_AFTER.index(layer)
            means.append(pages.means(z))
            page = means[at] @ weights["pool"][at] + weights["pool_bias"][at]
            z = z + pages.spread(page) * pages.inside
    keep_out = _dropped(z.shape, rng)
    logits = (z * keep_out) @ weights["output"] + weights["output_bias"]
    slope = _slope(logits, pages, batch)

    gradients = {name: np.zeros_like(array) for name, array in weights.items()}
    gradients["output"] = (z * keep_out).T @ slope
    gradients["output_bias"][0] = slope.sum()
    back = slope[:, None] * weights["output"] * keep_out
    for layer in reversed(range(len(DILATIONS))):
        if layer in POOLED_AFTER:
            at = POOLED_AFTER.index(layer)
            per_page = np.add.reduceat(back * pages.inside, pages.start)
            gradients["pool"][at] = means[at].T @ per_page
            gradients["pool_bias"][at] = per_page.sum(axis=0)
            back = back + _means_back(per_page @ weights["pool"][at].T, pages)
        seen, keep = trail[layer]
        inner = back * keep
        gradients["convolution"][layer] = seen.T @ inner
        gradients["convolution_bias"][layer] = inner.sum(axis=0)
        back = back + _neighbourhood_back(inner @ weights["convolution"][layer].T, DILATIONS[layer])
    inner = back * pages.inside * (active > 0)
    gradients["input"] = x.T @ inner
    gradients["input_bias"] = inner.sum(axis=0)
    return gradients


def neighbourhood(z: Floats, dilation: int) -> Floats:
    """Each row beside those `dilation` rows before and after it, zeros beyond; shape (rows, 3 * columns)."""
    rows, columns = z.shape
    out = np.zeros((rows, 3 * columns), np.float32)
    out[dilation:, :columns] = z[: rows - dilation] if rows > dilation else 0
    out[:, columns : 2 * columns] = z
    out[: max(0, rows - dilation), 2 * columns :] = z[dilation:]
    return out


def _slope(logits: Floats, pages: Pages, batch: Sequence[Lesson]) -> Floats:
    """Gradient of the mean loss by each row's logit; 0 between the pages."""
    out = np.zeros(len(logits), np.float32)
    for first, one in zip(pages.start, batch, strict=True):
        rows = slice(first, first + len(one.label))
        p = 1 / (1 + np.exp(-np.clip(logits[rows], -30, 30)))
        words = np.maximum(one.words, 1).astype(np.float32)
        true = words * one.label
        total = float(p @ words + true.sum() + 1)
        shared = float(p @ true)
        f1 = 2 * (true * total - shared * words) / total**2
        out[rows] = (p - one.label) * one.weight - F1_WEIGHT * f1 * p * (1 - p)
    return out / np.float32(len(batch))


def _means_back(gradient: Floats, pages: Pages) -> Floats:
    """Gradient by the rows of `Pages.means`."""
    half = gradient.shape[1] // 2
    share = (1 / pages.size[:, None]).astype(np.float32)
    plain = pages.spread(gradient[:, :half] * share) * pages.inside
    both: Floats = plain + pages.spread(gradient[:, half:]) * pages.weight
    return both


def _neighbourhood_back(gradient: Floats, dilation: int) -> Floats:
    """Gradient by the rows of `neighbourhood`."""
    rows, columns = gradient.shape[0], gradient.shape[1] // 3
    out = gradient[:, columns : 2 * columns].copy()
    if rows > dilation:
        out[: rows - dilation] += gradient[dilation:, :columns]
        out[dilation:] += gradient[: rows - dilation, 2 * columns :]
    return out
