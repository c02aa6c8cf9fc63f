"""From the images of an examination to what they say of tissue: fat fraction, T2, signal over a reference."""
