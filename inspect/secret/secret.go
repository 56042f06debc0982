// Package secret tells variables of an environment that should not be shown or copied unasked.
package secret

import (
	"regexp"
	"strings"
	"sync"
)

// secretWords mark a variable's name as that of a secret, as whole words of it: API_KEY and apiKey, but not KEYBOARD.
var secretWords = map[string]bool{
	"apikey": true, "auth": true, "authorization": true, "cookie": true, "credential": true, "credentials": true,
	"creds": true, "dsn": true, "jwt": true, "key": true, "keys": true, "pass": true, "passcode": true, "passphrase": true,
	"passwd": true, "password": true, "passwords": true, "pat": true, "pin": true, "private": true, "pw": true, "pwd": true,
	"salt": true, "secret": true, "secrets": true, "session": true, "signature": true, "token": true, "tokens": true,
}

// secretParts mark a name wherever they stand in it: PGPASSWORD, MYSQL_ROOTPASSWORD, GITHUBTOKEN.
var secretParts = []string{
	"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "accesskey", "privatekey", "cookie",
}

// openNames are names that hold such a word and are no secrets.
var openNames = map[string]bool{
	"PWD": true, "OLDPWD": true, "SSH_AUTH_SOCK": true, "XAUTHORITY": true, "DESKTOP_SESSION": true, "GDMSESSION": true,
	"XDG_SESSION_CLASS": true, "XDG_SESSION_DESKTOP": true, "XDG_SESSION_ID": true, "XDG_SESSION_PATH": true,
	"XDG_SESSION_TYPE": true, "SESSION_MANAGER": true, "DBUS_SESSION_BUS_ADDRESS": true, "SESSIONNAME": true,
	"DBUS_SESSION_BUS_PID": true, "GPG_KEY": true,
}

// secretValues are the shapes of secrets that give themselves away whatever their name is. They are compiled when first
// asked for: it takes as long as all else that starts before the commands that never show a variable.
var secretValues = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i:-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|PGP MESSAGE))` + // PEM, PGP
		`|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b` + // AWS access keys
		`|\bgh[oprsu]_[0-9A-Za-z]{20,}|\bgithub_pat_[0-9A-Za-z_]{20,}` + // GitHub
		`|\bglpat-[0-9A-Za-z_-]{16,}` + // GitLab
		`|\bxox[abeoprs]-[0-9A-Za-z-]{10,}` + // Slack
		`|\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}` + // Stripe
		`|\bsk-[0-9A-Za-z_-]{20,}` + // model services
		`|\bAIza[0-9A-Za-z_-]{35}` + // Google
		`|\bnpm_[0-9A-Za-z]{30,}|\bpypi-[0-9A-Za-z_-]{20,}|\bdckr_pat_[0-9A-Za-z_-]{20,}|\bhv[bs]\.[0-9A-Za-z_-]{20,}` +
		`|\beyJ[0-9A-Za-z_-]{5,}\.eyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]*` + // JSON web tokens
		`|(?i:\b(?:bearer|basic) [0-9a-z._~+/-]{16,}=*)` + // HTTP authorisation
		`|(?i:\b(?:password|passwd|pwd|secret|token|accountkey|sharedaccesskey)\s*=\s*[^\s;&]{3,})`) // connection strings
})

// maxSecretValue caps how much of a value is searched.
const maxSecretValue = 64 << 10

// Mask stands where a value that looks like a secret was not kept. Whether two of them are the same is not known.
const Mask = "********"

// Looks tells whether a variable of an environment holds, by its name or the shape of its value, what should not be
// shown unasked. It errs on the side of hiding; an empty value is no secret.
func Looks(name, value string) bool {
	if value == "" || openNames[name] && !secretShape(value) {
		return false
	}
	return secretName(name) || secretShape(value)
}

func secretName(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range secretParts {
		if strings.Contains(lower, part) {
			return true
		}
	}
	for _, word := range words(name) {
		if secretWords[word] {
			return true
		}
	}
	return false
}

// words splits a name at what is no letter and where a capital follows a small letter, and gives them in small letters.
func words(name string) []string {
	var list []string
	start := 0
	add := func(end int) {
		if start < end {
			list = append(list, strings.ToLower(name[start:end]))
		}
	}
	for i := range len(name) {
		switch c := name[i]; {
		case !isLetter(c):
			add(i)
			start = i + 1
		case i > 0 && isUpper(c) && isLetter(name[i-1]) && !isUpper(name[i-1]):
			add(i)
			start = i
		}
	}
	add(len(name))
	return list
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

func isLetter(c byte) bool { return isUpper(c) || c >= 'a' && c <= 'z' }

func secretShape(value string) bool {
	value = value[:min(len(value), maxSecretValue)]
	return secretValues().MatchString(value) || hasPassword(value)
}

// hasPassword tells whether a value holds an URL with a user's password: postgres://app:pw@db/app.
func hasPassword(value string) bool {
	for {
		_, rest, found := strings.Cut(value, "://")
		if !found {
			return false
		}
		authority := rest
		if end := strings.IndexAny(rest, "/?# \t\r\n\"'"); end >= 0 {
			authority = rest[:end]
		}
		user := authority[:max(strings.LastIndexByte(authority, '@'), 0)]
		if _, password, _ := strings.Cut(user, ":"); password != "" {
			return true
		}
		value = rest
	}
}
