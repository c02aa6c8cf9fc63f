"""Images with their place: `Geometry`, `Volume`, `LabelMap`, `Regions`, `Transform`."""
