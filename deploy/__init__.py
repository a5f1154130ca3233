"""The command `proctor`, the local stack and the files for production. May import every stage; no stage imports it."""
