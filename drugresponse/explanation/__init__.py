"""What moves the response, by association and by the model, and is it true?"""
