"""Volume and lungs to ground glass, consolidation and dependent opacity."""
