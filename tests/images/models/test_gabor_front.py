"""What the DL-CNN sees: as many numbers as are told, and some that do not depend on brightness and contrast."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hounsfield.images.models.network_params import NetworkParams


@pytest.mark.parametrize(("shape", "parts"), [((24, 24), 2), ((50, 60), 4), ((3, 20, 24), 2)])
def test_some_features_stay_when_brightness_and_contrast_change(shape: tuple[int, ...], parts: int) -> None:
    import torch

    from napari_hounsfield.images.models.gabor_front import GaborFront

    front = GaborFront(shape, NetworkParams(wavelengths=(3.0, 6.0), parts=parts))
    noise = np.random.default_rng(0).normal(0, 1000, (2, 1, *shape)).astype(np.float32)  # large: the floors count for little
    images = torch.from_numpy(noise)
    features, changed = front(images), front(3 * images + 5)
    assert features.shape == (2, front.width)
    log_energies = 2 * front.first.channels * parts**2
    torch.testing.assert_close(changed[:, :log_energies], features[:, :log_energies] + np.log(3), atol=0.02, rtol=0)
    own = [slice(log_energies, 2 * log_energies), slice(front.width - front.cells**2, None)]
    for block in own:
        torch.testing.assert_close(changed[:, block], features[:, block], atol=0.02, rtol=0)
