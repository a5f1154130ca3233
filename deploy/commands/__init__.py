"""The subcommands of `proctor`, a module for each family."""
