"""The contract with Xero: what its API promises, in a form of our own, and checks against it.

`xero_contract.json` is an extract of Xero's official OpenAPI specification: for the calls that
we make, the parameters, the members of what is sent and answered with their types, lengths and
allowed values. It holds facts only, no text and no example of Xero's, and says which versions it
was drawn from. The tests run against it everywhere. Where the specification itself is here
(`specification.FOLDER`), the same answers are held against that too, in the same tests, so
nothing is skipped where it is not.

To renew the extract for a new version of the specification, put the three YAML files of
github.com/XeroAPI/Xero-OpenAPI into a folder and run

    .venv/bin/python -m scripts.extract_xero_contract FOLDER

then read the difference: a member that is gone, or a new allowed value, is news for the product.
With `--check` nothing is written, and the exit code is 1 where the kept extract is another one.
"""
