"""What a value is, one recogniser a file; `lint.value_model` asks them in order."""
