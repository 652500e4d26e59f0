"""``python -m dcfoot`` is the command line."""

from dcfoot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
