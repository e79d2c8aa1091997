"""`python -m tinydigits`."""

from tinydigits.cli import main

if __name__ == "__main__":  # the server's workers load this module too
    main()
