"""The Galaxy tools, made from the table of parameters and the text beside each tool.

Used when the project is built, never when it runs: `python -m drugresponse.galaxy` writes what is committed.
"""
