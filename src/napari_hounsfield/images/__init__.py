"""Recognition of whole images: tables of them, models, and ten-fold comparison."""
