"""Plants faults on the demo's street, one after another, for a technician or operator to find and mend."""
