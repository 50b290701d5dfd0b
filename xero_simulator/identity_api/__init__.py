"""The identity service over HTTP: consent pages, tokens, discovery, `/connections`."""
