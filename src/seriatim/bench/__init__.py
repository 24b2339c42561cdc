"""Load generator, benchmarks and the chaos run: shipped, because operators calibrate with them."""
