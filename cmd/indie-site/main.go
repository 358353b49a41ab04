// Command indie-site is the reference Indie Site: a small web site of one
// person, that waits for its owner, belongs to them, and shows who they are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/indiesite"
)

const usage = `indie-site serves one person's web site over plain HTTP, behind a router that speaks HTTPS.

It waits for the owner settings, which an onboarder posts to /owner-settings together with the
secret sign-up code from the installer file; then for the owner, who opens the site in a browser with
that code and chooses a password. It keeps all that it is told under the data directory. It logs JSON lines to standard error and stops on SIGTERM.

Usage:

  indie-site [flags]

Flags:

`

type config struct {
	listen         string
	dataDir        string
	installerFiles []string
	version        bool
}

// version is set when the program is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // parse has said why
	}
	if err := run(ctx, cfg, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "indie-site:", err)
		os.Exit(1)
	}
}

func parse(args []string, output io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("indie-site", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&cfg.listen, "listen", ":8080", "`address` to serve HTTP on")
	flags.StringVar(&cfg.dataDir, "data-dir", "/data", "`directory` for everything the site keeps; made if it is missing, and nothing is written elsewhere")
	flags.Func("installer-file", "installer-secret.json with the sign-up code, a `path`; may be given several times, the first that exists is used, and one\n"+
		"must exist until the site has an owner. Without this flag and without a file the site takes no owner settings (default ~/.indie/installer-secret.json, then ~/indie/installer-secret.json)",
		func(path string) error {
			cfg.installerFiles = append(cfg.installerFiles, path)
			return nil
		})
	flags.BoolVar(&cfg.version, "version", false, "print the version and stop")
	flags.Usage = func() {
		fmt.Fprint(output, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q; see indie-site --help", flags.Arg(0))
		fmt.Fprintln(output, err)
		return config{}, err
	}
	return cfg, nil
}

func run(ctx context.Context, cfg config, stdout, stderr io.Writer) error {
	if cfg.version {
		_, err := fmt.Fprintln(stdout, version)
		return err
	}
	logger := slog.New(slog.NewJSONHandler(stderr, nil))
	limitMemory()
	code, err := loadCode(cfg, logger)
	if err != nil {
		return err
	}
	release, err := indiesite.Lock(cfg.dataDir)
	if err != nil {
		return err
	}
	defer release()
	store, err := indiesite.OpenStore(cfg.dataDir, clock.RealClock{})
	if err != nil {
		return err
	}
	if len(cfg.installerFiles) > 0 && !code.IsSet() && !store.Owned() {
		// A mistake in a path must not offer the site to whoever comes first.
		return fmt.Errorf("--installer-file: none of %q is there", cfg.installerFiles)
	}
	listener, err := net.Listen("tcp", cfg.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if missing := indiesite.BundleMissing(); missing != "" {
		logger.Warn(missing)
	}
	_, known := store.Settings()
	logger.Info("serving", "address", listener.Addr().String(), "dataDir", cfg.dataDir,
		"ownerSettings", known, "owned", store.Owned(), "version", version)
	handler := indiesite.NewHandler(indiesite.Config{Code: code, Store: store, Logger: logger, Clock: clock.RealClock{}})
	return indiesite.Serve(ctx, listener, handler, logger)
}

// How the Go runtime is told to keep below 20 MB, together with the program's own
// pages and also while a picture is decoded: it collects garbage twice as often
// as it would, and all the more as it comes near the limit, in bytes.
const (
	memoryLimit    = 7 << 20
	garbagePercent = 50
)

// limitMemory leaves each choice to whoever runs the program, if they made it.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

func loadCode(cfg config, logger *slog.Logger) (indiesite.Code, error) {
	files := cfg.installerFiles
	if len(files) == 0 {
		if home, err := os.UserHomeDir(); err == nil {
			files = indiesite.DefaultInstallerFiles(home)
		}
	}
	code, path, err := indiesite.LoadInstaller(files)
	if err != nil {
		return indiesite.Code{}, err
	}
	if code.IsSet() {
		logger.Info("sign-up code found", "installerFile", path)
	} else {
		logger.Warn("no installer file: owner settings will be refused, and whoever comes first can own the site", "lookedFor", files)
	}
	return code, nil
}
