"""What runs against what should: field by field, in the runtime's own terms."""
