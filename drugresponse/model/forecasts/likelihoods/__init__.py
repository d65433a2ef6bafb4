"""What makes scores probable: the likelihood of each kind of outcome, and parameters of drugs drawn towards all."""
