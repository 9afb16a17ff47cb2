"""CallCov: listens to every call of a contact centre."""
