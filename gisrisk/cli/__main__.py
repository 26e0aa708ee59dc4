"""`python -m gisrisk.cli`."""

from gisrisk.cli.main import main

main()
