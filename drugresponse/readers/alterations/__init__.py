"""Long tables of alterations, and Mutation Annotation Format."""
