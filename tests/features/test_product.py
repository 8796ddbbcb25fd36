import numpy as np
import pytest

from classifier.features.product import product


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize("shape", [(64, 64), (3, 64, 64), (900, 400), (0, 4), (4, 0)], ids=str)
def test_pieces_give_what_the_whole_gives(n: int, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(n)
    a = random.normal(size=(n, shape[-2])).astype(np.float32)
    b = random.normal(size=shape).astype(np.float32)
    found = product(a, b)
    assert found.dtype == np.float32 and found.shape == (*shape[:-2], n, shape[-1])
    assert found == pytest.approx(a @ b, rel=1e-5, abs=1e-3)
