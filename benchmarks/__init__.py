"""The figures this product promises, measured: `make bench` (see `benchmarks.__main__`)."""
