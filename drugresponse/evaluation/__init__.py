"""Should the predictions be believed?"""
