//! Trains and measures the model that reads: labelled texts in, weights and a card out.
