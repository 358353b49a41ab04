package combell

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

// domainDetail is DomainDetail of the API's description, as far as it is used.
type domainDetail struct {
	DomainName     string       `json:"domain_name"`
	ExpirationDate *string      `json:"expiration_date"`
	WillRenew      *bool        `json:"will_renew"`
	NameServers    []nameServer `json:"name_servers"`
	CanToggleRenew *bool        `json:"can_toggle_renew"`
}

type nameServer struct {
	Name string `json:"name"`
}

// decodeDomain reads the details of a name that the account holds, and makes sure that they are this name's.
func decodeDomain(body []byte, domain string) (domainDetail, registrar.Holding, error) {
	var detail domainDetail
	if err := unmarshal(body, &detail); err != nil {
		return domainDetail{}, registrar.Holding{}, err
	}
	if !sameName(detail.DomainName, domain) {
		return domainDetail{}, registrar.Holding{}, fmt.Errorf("%w: it is about another name", errNonsense)
	}
	holding := registrar.Holding{AutoRenew: detail.WillRenew}
	if detail.ExpirationDate != nil {
		expiry, err := parseTime(*detail.ExpirationDate)
		if err != nil {
			return domainDetail{}, registrar.Holding{}, err
		}
		holding.Expiry = expiry
	}
	return detail, holding, nil
}

// Why the factory cannot renew a name, and what is added where Combell says that automatic renewal cannot be switched either.
const (
	noExtension = "Combell sells no year beforehand"
	noToggle    = ", and does not let automatic renewal be switched now: there is an unpaid invoice for the name, or its renewal is due within a month"
)

// extension says why no year can be bought.
func (d *domainDetail) extension() string {
	if d.CanToggleRenew != nil && !*d.CanToggleRenew {
		return noExtension + noToggle
	}
	return noExtension
}

// decodeDomains reads a page of the account's names, and tells how many there are on it.
func decodeDomains(body []byte) (int, error) {
	var page []domainDetail
	if err := unmarshal(body, &page); err != nil {
		return 0, err
	}
	if page == nil {
		return 0, errNonsense
	}
	for _, d := range page {
		if d.DomainName == "" {
			return 0, fmt.Errorf("%w: a name is missing", errNonsense)
		}
	}
	return len(page), nil
}

// timeForms are what ISO 8601 times look like. Those without a zone are taken for UTC: a few hours do not matter to an expiry.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05", time.DateOnly}

// parseTime reads a time. A year that is none of the first three thousand is a mistake, or what stands for no date: the zero time.
func parseTime(text string) (time.Time, error) {
	for _, form := range timeForms {
		at, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		if at = at.UTC(); at.Year() < 1970 || at.Year() > 3000 {
			return time.Time{}, nil
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("%w: it has a date that cannot be read", errNonsense)
}

// jobState is what became of an order.
type jobState string

// The states of ProvisioningJobInfo.
const (
	jobOngoing   jobState = "ongoing"
	jobCancelled jobState = "cancelled"
	jobFailed    jobState = "failed"
	jobFinished  jobState = "finished"
)

// decodeJob reads a provisioning job: 200 has its status, 201 says that it has finished. It makes sure that the answer is about this job.
func decodeJob(status int, body []byte, id string) (jobState, error) {
	var job struct {
		ID     string   `json:"id"`
		Status jobState `json:"status"`
	}
	if err := unmarshal(body, &job); err != nil {
		return "", err
	}
	if !strings.EqualFold(job.ID, id) {
		return "", fmt.Errorf("%w: it is about another job", errNonsense)
	}
	if status == http.StatusCreated {
		return jobFinished, nil
	}
	switch state := jobState(strings.ToLower(string(job.Status))); state {
	case jobOngoing, jobCancelled, jobFailed, jobFinished:
		return state, nil
	default:
		return "", fmt.Errorf("%w: it has a status of a job that is not documented", errNonsense)
	}
}

const jobs = "/provisioningjobs/"

// reference is what a job may be named by, as it becomes part of a path.
var reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)

// decodeLocation takes the job's name out of the Location of an order that was accepted. Where it leads does not matter otherwise: it is never called.
func decodeLocation(location string) (string, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", fmt.Errorf("%w: no provisioning job in its Location", errNonsense)
	}
	_, id, found := strings.Cut(strings.TrimSuffix(u.Path, "/"), jobs)
	if !found || !reference.MatchString(id) {
		return "", fmt.Errorf("%w: no provisioning job in its Location", errNonsense)
	}
	return id, nil
}

func sameName(a, b string) bool { return strings.EqualFold(strings.TrimSuffix(a, "."), b) }
