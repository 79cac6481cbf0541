import pytest

from napari_hounsfield.demo.phantom import Phantom, PhantomParams, chest_phantom


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """The phantom at half its resolution in every direction."""
    return chest_phantom(PhantomParams(slices=48, matrix=128))
