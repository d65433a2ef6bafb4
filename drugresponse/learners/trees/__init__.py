"""Boosted trees and forests, their files and their attributions."""
