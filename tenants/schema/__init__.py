"""Elements of the schema that a model may declare, from constraints to searches."""
