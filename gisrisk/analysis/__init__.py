"""Plain functions on frames and arrays: distances, findings, exposure and grades, without a database or a drawing."""
