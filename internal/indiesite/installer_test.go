package indiesite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInstallerFileCarriesTheCodeInEitherSpelling(t *testing.T) {
	for name, content := range map[string]string{
		"the newer spelling":       `{"secretSignUpCode": "open sesame"}`,
		"the older spelling":       `{"secretSignupCode": "open sesame"}`,
		"both, the same":           `{"secretSignUpCode": "open sesame", "secretSignupCode": "open sesame"}`,
		"among keys of another":    `{"version": 3, "secretSignUpCode": "open sesame"}`,
		"with space around it all": "\n {\"secretSignUpCode\": \"open sesame\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), "installer-secret.json"), content)
			code, used, err := LoadInstaller([]string{path})
			if err != nil {
				t.Fatal(err)
			}
			if used != path || !code.Matches("open sesame") {
				t.Errorf("used %q, matches: %v", used, code.Matches("open sesame"))
			}
		})
	}
}

func TestInstallerFileThatCannotBeUsedStopsTheStartWithoutShowingTheCode(t *testing.T) {
	for name, c := range map[string]struct{ content, says string }{
		"both spellings differ":  {`{"secretSignUpCode": "hush1", "secretSignupCode": "hush2"}`, "differ"},
		"no code":                {`{}`, "missing or empty"},
		"an empty code":          {`{"secretSignUpCode": ""}`, "missing or empty"},
		"a number":               {`{"secretSignUpCode": 48151623}`, "not a JSON object"},
		"not JSON":               {`hush1`, "not a JSON object"},
		"something behind it":    {`{"secretSignUpCode": "hush1"} hush2`, "not a JSON object"},
		"the same key twice":     {`{"secretSignUpCode": "hush1", "secretSignUpCode": "hush2"}`, "each key once"},
		"another spelling still": {`{"SecretSignUpCode": "hush1"}`, "missing or empty"},
		"far too large a file":   {strings.Repeat(" ", installerFileLimit+1), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), "installer-secret.json"), c.content)
			code, _, err := LoadInstaller([]string{path})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v, want one that names the file and says %q", err, c.says)
			}
			// The path may hold any digits: it comes from the test's temporary directory.
			if told := strings.ReplaceAll(err.Error(), path, ""); strings.Contains(told, "hush") || strings.Contains(told, "4815") {
				t.Errorf("the error shows the code: %v", err)
			}
			if code.IsSet() {
				t.Error("a code was returned all the same")
			}
		})
	}
}

func TestTheFirstInstallerFileThatExistsIsUsed(t *testing.T) {
	home := t.TempDir()
	files := DefaultInstallerFiles(home)
	if code, used, err := LoadInstaller(files); err != nil || used != "" || code.IsSet() {
		t.Fatalf("without a file: %q, %v, %v", used, code.IsSet(), err)
	}
	write(t, filepath.Join(home, "indie", "installer-secret.json"), `{"secretSignUpCode": "second"}`)
	if code, _, err := LoadInstaller(files); err != nil || !code.Matches("second") {
		t.Fatalf("with ~/indie only: %v", err)
	}
	write(t, filepath.Join(home, ".indie", "installer-secret.json"), `{"secretSignUpCode": "first"}`)
	if code, _, err := LoadInstaller(files); err != nil || !code.Matches("first") {
		t.Fatalf("with both: %v", err)
	}
}

func TestACodeMatchesOnlyItselfAndDoesNotShowItself(t *testing.T) {
	code := NewCode("open sesame")
	for _, guess := range []string{"", "open", "open sesame ", "Open Sesame"} {
		if code.Matches(guess) {
			t.Errorf("matches %q", guess)
		}
	}
	if (Code{}).Matches("") || NewCode("").Matches("") {
		t.Error("an unset code matches the empty guess")
	}
	if shown := fmt.Sprintf("%v %s", code, code); strings.Contains(shown, "sesame") {
		t.Errorf("prints as %s", shown)
	}
}
