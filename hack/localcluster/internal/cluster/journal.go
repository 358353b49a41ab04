package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/process"
)

// A journal says how the machine was before the cluster changed it. It is written first.
type journal struct {
	Hash string `json:"hash"` // of the binaries that run
	Boot string `json:"boot"`
	// Sysctls are the kernel settings of this boot before the cluster's first start in it.
	Sysctls map[string]string `json:"sysctls"`
	// Tables are the packet filter's tables at that time.
	Tables map[string][]string `json:"tables"`
	// Absent are the folders that components make outside the state folder and that were not there.
	Absent []string `json:"absent"`
	// Controllers were handed down to the root's control groups.
	Controllers []string `json:"controllers,omitempty"`
}

// readJournal reads the journal, if there is a whole one.
func readJournal() (journal, bool) { return readJournalAt(layout.Journal) }

// recoverJournal also takes the copy, for a state folder that somebody removed in this boot. What that
// says is good to put things back with, and not to go on with.
func recoverJournal() (journal, bool) {
	if j, found := readJournal(); found {
		return j, true
	}
	return readJournalAt(layout.JournalCopy)
}

func readJournalAt(path string) (journal, bool) {
	var j journal
	content, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(content, &j) != nil {
		return journal{}, false
	}
	return j, true
}

// openJournal goes on with the journal that is there, or begins one. After a reboot what the kernel
// forgot is looked at anew.
func openJournal(ctx context.Context, hash string) (journal, error) {
	j, found := readJournal()
	if !found {
		j.Absent = absentDirs()
	}
	if boot := process.BootID(); j.Boot != boot {
		tables, err := host.FilterTables(ctx)
		if err != nil {
			return journal{}, err
		}
		j.Boot, j.Sysctls, j.Tables, j.Controllers = boot, host.ReadSysctls(), tables, nil
	}
	j.Hash = hash
	return j, j.save()
}

func (j journal) save() error {
	content, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the journal: %w", err)
	}
	content = append(content, '\n')
	return errors.Join(writeFile(layout.JournalCopy, content, 0o600), writeFile(layout.Journal, content, 0o600))
}

// addControllers remembers what was handed down, once.
func (j *journal) addControllers(names []string) {
	for _, name := range names {
		if !slices.Contains(j.Controllers, name) {
			j.Controllers = append(j.Controllers, name)
		}
	}
}
