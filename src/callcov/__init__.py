"""CallCov: listens to every call of a contact centre."""

__version__ = "0.1.0"
