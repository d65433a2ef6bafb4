"""`python -m drugresponse`: the command line where its program is not on the search path."""

import sys

from drugresponse.cli import main

if __name__ == "__main__":
    sys.exit(main())
