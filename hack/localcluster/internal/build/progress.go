package build

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// tick is how often a line says how far a build is.
const tick = 20 * time.Second

// A progress reads what go build -v writes and sums it up.
type progress struct {
	mu         sync.Mutex
	downloaded int
	compiled   int
	errors     []string
}

// add takes one line of go's output: a download, a package that is being compiled, or a message.
func (p *progress) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		p.downloaded++
	case isPackage(line):
		p.compiled++
	default:
		p.errors = append(p.errors, line)
	}
}

func (p *progress) line(name string, elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.compiled == 0 && p.downloaded > 0 {
		return fmt.Sprintf("  %s: %d modules downloaded, %s", name, p.downloaded, elapsed.Round(time.Second))
	}
	return fmt.Sprintf("  %s: %d packages compiled, %s", name, p.compiled, elapsed.Round(time.Second))
}

// isPackage tells a package path from a message: messages have spaces or start with a "#".
func isPackage(line string) bool {
	return line != "" && !strings.ContainsAny(line, " \t#")
}

func runWithProgress(command *exec.Cmd, log io.Writer, name string) error {
	stderr, err := command.StderrPipe()
	if err != nil {
		return err
	}
	command.Stdout = io.Discard
	if err := command.Start(); err != nil {
		return err
	}
	var read progress
	start := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			read.add(lines.Text())
		}
	}()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-ticker.C:
			fmt.Fprintln(log, read.line(name, time.Since(start)))
		}
	}
	if err := command.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(read.errors, "\n"))
	}
	return nil
}
