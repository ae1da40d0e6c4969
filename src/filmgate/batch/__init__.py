"""Many films of one file: a row a film, none twice, none missed."""
