"""`python -m slotcalc` is the command `slotcalc`; read `cli` next."""

import sys

from slotcalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
