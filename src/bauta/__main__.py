"""`python -m bauta`."""

from bauta.cli import main

main()
