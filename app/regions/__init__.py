"""Where things are: administrative units with the days they were valid, their successors, hamlets."""
