package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// What is served: one script for each page that has any, the worker that does the cryptography, and the owner's style sheet.
var entries = []string{"waiting.js", "welcome.js", "sign-in.js", "settings.js", "keys.js", "owner.css"}

// The oldest browsers that are served: those with module workers and Argon2's memory growth in WebAssembly.
var browsers = []api.Engine{
	{Name: api.EngineChrome, Version: "109"},
	{Name: api.EngineFirefox, Version: "115"},
	{Name: api.EngineSafari, Version: "16.4"},
}

// bundle returns the content of each file by its name, which holds the content's digest.
func bundle(dir string) (map[string][]byte, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	options := api.BuildOptions{
		AbsWorkingDir:     dir,
		Outdir:            "dist",
		EntryNames:        "[name]-[hash]",
		Bundle:            true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Engines:           browsers,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsEndOfFile,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LogLevel:          api.LogLevelSilent,
	}
	for _, entry := range entries {
		options.EntryPoints = append(options.EntryPoints, filepath.Join("src", entry))
	}
	result := api.Build(options)
	if err := problems(append(result.Errors, result.Warnings...)); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, file := range result.OutputFiles {
		files[strings.ToLower(filepath.Base(file.Path))] = file.Contents
	}
	if len(files) != len(entries) {
		return nil, fmt.Errorf("%d files came of %d entries", len(files), len(entries))
	}
	return files, nil
}

// problems makes one error of what the bundler says; a warning is one too, as nobody reads warnings of a build.
func problems(messages []api.Message) error {
	var all []error
	for _, m := range messages {
		if m.Location == nil {
			all = append(all, errors.New(m.Text))
			continue
		}
		all = append(all, fmt.Errorf("%s:%d:%d: %s", m.Location.File, m.Location.Line, m.Location.Column, m.Text))
	}
	return errors.Join(all...)
}
