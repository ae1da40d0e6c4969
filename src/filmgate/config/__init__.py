"""Settings, the model catalogue and the routes from models to engines."""
