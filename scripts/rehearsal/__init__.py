"""A production start on this machine, from an empty folder: `make rehearsal`.

Nouns: the *installation* (a clone, a Python environment with `requirements.txt` alone, secrets,
`.env`, and the folders that the image holds), its *services* (what `docker-compose.yml` starts, by
its own commands and with its own environment, without containers), *Xero* (the simulator, run from
this checkout), the *walk* (what the steps share). Each step does what the documents tell an
operator or a portal admin to do; what can be read from them or from the compose file is read, so
that neither can drift from what is rehearsed. Nothing outside its own folder is written.
"""
