"""Tables as publishers of drug screens give them out, each known by its columns -> the tables of this package."""
