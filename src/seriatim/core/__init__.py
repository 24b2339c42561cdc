"""What every layer may use: ids, clock, errors, limits of arithmetic, hop names. No I/O."""
