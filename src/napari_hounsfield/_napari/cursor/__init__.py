"""What lies under the cursor: place in the patient, values with their units, classes and their probabilities."""
