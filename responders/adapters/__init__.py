"""How to brake each family of protocols, one file each."""
