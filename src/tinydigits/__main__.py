"""`python -m tinydigits`."""

from tinydigits.cli import main

main()
