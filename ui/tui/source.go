package tui

// field names a value for which the snapshot can tell the source.
type field string

// sourceLines draws the source of the value under the cursor.
func (d *detailPane) sourceLines(r rect) []string { return nil }
