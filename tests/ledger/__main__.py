"""``python -m tests.ledger`` writes docs/kubernetes-support.md."""

from tests.ledger.page import main

main()
