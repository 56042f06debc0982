package nsfs

import "cutaway/inspect/reading"

// Relations are a namespace's ties to others. A reading that is Denied means: outside of the caller's view, or none.
type Relations struct {
	Owner    reading.Of[ID]     // the user namespace that owns it
	Parent   reading.Of[ID]     // of a PID or user namespace
	OwnerUID reading.Of[uint32] // who made a user namespace
}

// Relations asks for all that the kernel tells.
func (f *File) Relations() Relations {
	return Relations{
		Owner:    idOf(f.Owner()),
		Parent:   idOf(f.Parent()),
		OwnerUID: answer(f.OwnerUID()),
	}
}

func idOf(f *File, err error) reading.Of[ID] {
	if err != nil {
		return reading.Of[ID]{How: How(err)}
	}
	defer f.Close()
	return answer(f.ID())
}

func answer[T any](v T, err error) reading.Of[T] {
	if err != nil {
		return reading.Of[T]{How: How(err)}
	}
	return reading.Value(v)
}
