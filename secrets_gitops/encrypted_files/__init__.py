"""The files of the repository: encrypt, decrypt, edit, seal, unseal. One journey per module, nothing printed."""
