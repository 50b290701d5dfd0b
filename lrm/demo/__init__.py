"""The whole product on one machine: for trying it, for the smoke test, for end-to-end tests."""
