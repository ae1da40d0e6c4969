"""Operations on a data folder: the lock that guards it, backup and restore."""
