"""`python -m napari_hounsfield`: the command line."""

import sys

from .cli import main

sys.exit(main())
