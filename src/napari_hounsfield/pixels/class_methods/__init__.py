"""Ways to divide an image into classes without supervision, one a file."""
