"""Photos and voice clips: intake, the rewriting of every picture in a limited child, sizes, storage.

This room owns the table `media` and the stored files. It knows shops and people only by id, serves nothing,
and never keeps a byte of what a visitor sent: what leaves the room was drawn anew.
"""
