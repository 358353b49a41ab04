// Command site is the pod of the cluster's own test: it answers over HTTP, keeps what it is told on its
// volume, and fetches a page for the test from inside the cluster.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

func main() {
	file := filepath.Join(os.Getenv("DATA"), "note")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "this is %s\n", r.Host) })
	mux.HandleFunc("PUT /note", func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(file, content, 0o600)
		}
		answer(w, "kept", err)
	})
	mux.HandleFunc("GET /note", func(w http.ResponseWriter, _ *http.Request) {
		content, err := os.ReadFile(file)
		answer(w, string(content), err)
	})
	mux.HandleFunc("GET /fetch", func(w http.ResponseWriter, r *http.Request) {
		content, err := fetch(r.Context(), r.URL.Query().Get("url"))
		answer(w, content, err)
	})
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func fetch(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return string(content), err
}

func answer(w http.ResponseWriter, content string, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, content)
}
