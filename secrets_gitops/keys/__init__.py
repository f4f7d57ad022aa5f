"""Who may open a document: recipients that wrap a data key, identities that unwrap it, and where they are found."""
