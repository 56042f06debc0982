package inspect

import (
	"os"
	"testing"
)

func BenchmarkDetail(b *testing.B) {
	r, err := NewDetailReader(Options{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	dir, err := openProcDir("/proc", os.Getppid())
	if err != nil {
		b.Fatal(err)
	}
	defer dir.release()
	st, err := dir.stat()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Read(b.Context(), nil, ID{PID: st.PID, Start: st.StartTime}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCensus(b *testing.B) {
	sc, err := NewScanner(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer sc.Close()
	s, err := sc.Scan(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	r := NewNamespaceReader(Options{})
	b.ReportMetric(float64(len(s.Procs)), "processes")
	for b.Loop() {
		if _, err := r.Namespaces(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
