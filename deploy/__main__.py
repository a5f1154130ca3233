"""`python -m deploy` is the command `proctor`."""

from deploy.cli import main

if __name__ == "__main__":
    main()
