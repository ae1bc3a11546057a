"""What stewards want (`standing`), and what a steward does (`desk`, `founding`)."""
