"""Every kind of workload in the seeded simulator: what is declared, how it changes, and the laws that hold of it."""
