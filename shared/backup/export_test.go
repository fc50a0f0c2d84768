package backup

// SetNoChecksum switches the checksums, sizes and counts off, to show what they are for.
func (v *Vault) SetNoChecksum() { v.planted.noChecksum = true }
