"""An outcome as one HTML page: `html.page`. Everything in it is told by the outcome alone."""
