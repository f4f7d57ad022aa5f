"""Find what must not be in git: the engine, its rules and its reports. Reaches no key, no crypto and no network."""
