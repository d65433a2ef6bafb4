"""What is known of genotypes before anything is trained: counts, components, relatives, burden."""
