"""What `drugresponse validate` finds: faults planted into copies of the package, and installations that are broken."""
