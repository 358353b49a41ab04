package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The Dockerfile says in its own words what build does. These are the words.
func TestTheDockerfileMakesTheSameImages(t *testing.T) {
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	image, err := build(program{}, "manager")
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{
		"ENV " + strings.Join(config.Config.Env, " ") + "\n",
		"USER " + config.Config.User + "\n",
		"WORKDIR " + config.Config.WorkingDir + "\n",
		"LABEL org.opencontainers.image.licenses=" + config.Config.Labels["org.opencontainers.image.licenses"] + "\n",
		fmt.Sprintf("printf '%s' > /root-fs/etc/passwd", strings.ReplaceAll(passwd, "\n", `\n`)),
		fmt.Sprintf("printf '%s' > /root-fs/etc/group", strings.ReplaceAll(group, "\n", `\n`)),
		"chown 65532:65532 /root-fs/home/nonroot",
		"chmod 1777 /root-fs/tmp",
		"FROM scratch AS base\n",
	}
	for _, name := range []string{"manager", "frontend", "indie-site"} {
		wanted = append(wanted, fmt.Sprintf("FROM base AS %[1]s\nCOPY --from=build /out/%[1]s /%[1]s\nENTRYPOINT [\"/%[1]s\"]\n", name))
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile does not say %q", want)
		}
	}
}

func TestTheDockerfileBuildsWithTheFlagsOfTheMakefile(t *testing.T) {
	dockerfile, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(makefile), "\n")
	for line, want := range map[string]string{
		"export CGO_ENABLED := 0":                     "CGO_ENABLED=0",
		"export GOFLAGS := -trimpath -buildvcs=false": `GOFLAGS="-trimpath -buildvcs=false"`,
		"export GOWORK := off":                        "GOWORK=off",
		"LDFLAGS := -s -w -X main.version=$(VERSION)": `-ldflags "-s -w -X main.version=${VERSION}"`,
	} {
		if !slices.Contains(lines, line) {
			t.Errorf("the Makefile does not say %q", line)
		}
		if !strings.Contains(string(dockerfile), want) {
			t.Errorf("the Dockerfile does not say %q", want)
		}
	}
}
