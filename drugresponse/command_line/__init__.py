"""What people meet on a command line: words to settings, pages of help, completion of a shell."""
