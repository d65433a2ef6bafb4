"""Numbers to responses: naive effects, ridge, trees and the neural model behind one interface."""
