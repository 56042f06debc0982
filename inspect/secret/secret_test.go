package secret

import (
	"strings"
	"testing"
)

func TestLooks(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"PGPASSWORD", "hunter2", true},
		{"MYSQL_ROOT_PASSWORD", "x", true},
		{"db_passwd", "x", true},
		{"AWS_SECRET_ACCESS_KEY", "x", true},
		{"apiKey", "x", true},
		{"API_KEY", "x", true},
		{"GITHUBTOKEN", "x", true},
		{"SESSION", "abc", true},
		{"SENTRY_DSN", "x", true},
		{"COOKIE_JAR", "x", true},
		{"BASIC_AUTH", "x", true},
		{"SSH_PRIVATE", "x", true},
		{"GOOGLE_CREDENTIALS", "x", true},
		{"password", "", false},
		{"PATH", "/usr/bin:/bin", false},
		{"PWD", "/root", false},
		{"OLDPWD", "/", false},
		{"KEYBOARD", "us", false},
		{"MONKEY", "x", false},
		{"AUTHOR", "ann", false},
		{"SSH_AUTH_SOCK", "/tmp/ssh-x/agent.1", false},
		{"XDG_SESSION_ID", "3", false},
		{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/0/bus", false},
		{"HOME", "/root", false},
		{"HOME", "AKIAIOSFODNN7EXAMPLE", true},
		{"X", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", true},
		{"X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", true},
		{"X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", true},
		{"X", "-----BEGIN CERTIFICATE-----\nMIIE", false},
		{"DATABASE", "postgres://app:pw@db:5432/app", true},
		{"DATABASE", "postgres://app@db:5432/app", false},
		{"URLS", "see http://a/ and amqp://u:p%zz@h/", true},
		{"HTTP_PROXY", "http://proxy:3128", false},
		{"PWD", "redis://u:p@h", true},
		{"JAVA_OPTS", "-Ddb=x;Password=abc123;", true},
		{"HEADER", "Authorization: Bearer abcdefghijklmnop1234", true},
		{"LANG", "C.UTF-8", false},
		{"", "", false},
		{"\xff\x00", "\xff", false},
	} {
		if got := Looks(c.name, c.value); got != c.want {
			t.Errorf("Looks(%q, %q) = %v", c.name, c.value, got)
		}
	}
}

func FuzzLooks(f *testing.F) {
	f.Add("PGPASSWORD", "x")
	f.Add("X", "amqp://u:p%zz@h/")
	f.Fuzz(func(t *testing.T, name, value string) {
		if got := Looks(name, value); got && value == "" {
			t.Errorf("an empty value of %q is no secret", name)
		}
		if value != "" && !Looks(strings.ToLower(name)+"_PASSWORD", value) {
			t.Errorf("%q_PASSWORD is a secret", name)
		}
	})
}
