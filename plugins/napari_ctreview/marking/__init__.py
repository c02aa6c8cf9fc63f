"""What a reader marks: findings and key images."""
