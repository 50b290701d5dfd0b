"""How calls to Xero that a test makes itself are told from those of the product."""

# A header that Xero and the simulator look over.
HEADERS = {"X-Asked-By": "a test"}
NAME = "x-asked-by"
