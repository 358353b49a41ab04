package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/pki"
)

// An apiClient reads from the API server as the admin.
type apiClient struct{ http *http.Client }

// errAPI is what the API server answered instead of what was asked for.
type errAPI struct {
	code int
	path string
}

func (e errAPI) Error() string { return fmt.Sprintf("the API server answers %d to %s", e.code, e.path) }

// newAPIClient reads the admin's certificate; it opens no connection.
func newAPIClient() (*apiClient, error) {
	authority, err := os.ReadFile(layout.ClusterCA)
	if err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, errors.New("the cluster's authority is not a certificate")
	}
	certificate, err := tls.LoadX509KeyPair(pki.CertPath(layout.PKI, pki.Admin), pki.KeyPath(layout.PKI, pki.Admin))
	if err != nil {
		return nil, fmt.Errorf("read the admin's certificate: %w", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
	}}
	return &apiClient{http: &http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

// get reads the JSON at path into into; with nil it only looks whether the answer is 200.
func (a *apiClient) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, layout.ServerURL()+path, nil)
	if err != nil {
		return err
	}
	response, err := a.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the API server: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("read the API server's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errAPI{code: response.StatusCode, path: path}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("decode the API server's answer: %w", err)
	}
	return nil
}

// conditioned is any object with conditions.
type conditioned struct {
	Metadata struct {
		Name       string `json:"name"`
		Generation int64  `json:"generation"`
	} `json:"metadata"`
	Spec struct {
		Replicas int32 `json:"replicas"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64 `json:"observedGeneration"`
		UpdatedReplicas    int32 `json:"updatedReplicas"`
		AvailableReplicas  int32 `json:"availableReplicas"`
		Conditions         []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

// condition is the status and message of a condition.
func (o conditioned) condition(kind string) (status, message string) {
	for _, c := range o.Status.Conditions {
		if c.Type == kind {
			return c.Status, c.Message
		}
	}
	return "Unknown", "not reported yet"
}
