package cli

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutaway/sandbox/check"
)

// checkSandbox tries what launches do. That says something of the machine that cutaway runs on alone, so that it is left
// out when the files of another are looked at.
func checkSandbox(p *patient) []finding {
	if p.inspect.Proc != "/proc" {
		return nil
	}
	machine, err := check.Probe()
	if err != nil {
		return []finding{{name: "sandbox", health: missing, value: err.Error()}}
	}
	var found []finding
	for _, f := range machine.Try(context.Background()) {
		found = append(found, sandboxFinding(f))
	}
	return found
}

// sandboxFinding is a finding of check's in doctor's words.
func sandboxFinding(f check.Finding) finding {
	return finding{
		name: "sandbox: " + f.Name, health: sandboxHealth[f.Health],
		value: f.Value, meaning: capital(f.Reason), advice: capital(f.Advice),
	}
}

var sandboxHealth = map[check.Health]health{check.Fine: fine, check.Limited: limited, check.Refused: missing}

// capital begins a clause as a sentence does, unless it begins with a command or a file.
func capital(clause string) string {
	word, _, _ := strings.Cut(clause, " ")
	if word == "cutaway" || strings.ContainsAny(word, "./(_") {
		return clause
	}
	first, size := utf8.DecodeRuneInString(clause)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + clause[size:]
}
