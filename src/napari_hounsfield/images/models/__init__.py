"""Models that recognise whole images, one a file, and the registry of them."""
