"""Learners from a CSV file: read, checked, shown, and imported once a person has confirmed.

`csv_reading` makes cells of bytes, `import_columns` says what a heading means, `import_rows` what
is wrong with a row, `uploads` keeps a file's rows until they are confirmed, and `import_job` makes
learners of them in the background. A learner number that is known already changes that learner, in
the fields that the file has columns for and in no others.
"""
