"""The dock *BP classification*: labels for whole images, models compared, and one of them used."""
