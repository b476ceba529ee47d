"""What mails are made of, shared by all who write them: pictures, blocks, templates, the brand."""
