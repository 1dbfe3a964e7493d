// Package bench runs one ACME client on one load: the job as JSON on standard input, timings as JSON on standard output.
// A certificate is issued before the measured ones, so that no client pays for starting.
package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Job is the load, as bench/acme/runner.ts describes it.
type Job struct {
	DirectoryURL string `json:"directoryUrl"`
	CAPem        string `json:"caPem"`
	Challenge    struct {
		Type          string `json:"type"`
		Port          int    `json:"port"`
		ManagementURL string `json:"managementUrl"`
	} `json:"challenge"`
	Certificates [][]string `json:"certificates"`
	Concurrency  int        `json:"concurrency"`
}

// Client issues one certificate; it is called from several goroutines.
type Client func(ctx context.Context, names []string) error

// Run reads the job, prepares the client, issues, and prints what it took.
func Run(prepare func(ctx context.Context, job Job) (Client, error)) {
	if err := run(prepare); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(prepare func(ctx context.Context, job Job) (Client, error)) error {
	var job Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	ctx := context.Background()
	client, err := prepare(ctx, job)
	if err != nil {
		return err
	}
	if err := client(ctx, []string{fmt.Sprintf("warm-%d.example.test", os.Getpid())}); err != nil {
		return err
	}
	began, before := time.Now(), cpu()
	if err := issueAll(ctx, client, job); err != nil {
		return err
	}
	elapsed := time.Since(began)
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"milliseconds":    float64(elapsed.Microseconds()) / 1000,
		"cpuMilliseconds": cpu() - before,
		"peakMiB":         float64(usage().Maxrss) / 1024,
	})
}

func issueAll(ctx context.Context, client Client, job Job) error {
	rest := make(chan []string)
	failed := make(chan error, job.Concurrency)
	var lanes sync.WaitGroup
	for range job.Concurrency {
		lanes.Go(func() {
			for names := range rest {
				if err := client(ctx, names); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	var err error
send:
	for _, names := range job.Certificates {
		select {
		case rest <- names:
		case err = <-failed:
			break send
		}
	}
	close(rest)
	lanes.Wait()
	if err == nil && len(failed) > 0 {
		err = <-failed
	}
	return err
}

func usage() syscall.Rusage {
	var found syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &found)
	return found
}

func cpu() float64 {
	found := usage()
	return float64(found.Utime.Nano()+found.Stime.Nano()) / 1e6
}

// HTTPClient trusts the CA's own root, and keeps enough connections for ten lanes.
func HTTPClient(job Job) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(job.CAPem))
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			MaxIdleConnsPerHost: 64,
			ForceAttemptHTTP2:   true,
		},
	}
}

// Responder shows key authorizations to the CA.
type Responder struct {
	job    Job
	mu     sync.Mutex
	tokens map[string]string
}

// NewResponder listens where the CA looks, if the way is http-01.
func NewResponder(job Job) (*Responder, error) {
	responder := &Responder{job: job, tokens: map[string]string{}}
	if job.Challenge.Type != "http-01" {
		return responder, nil
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", job.Challenge.Port))
	if err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(listener, responder) }()
	return responder, nil
}

// ServeHTTP answers a token that is shown.
func (r *Responder) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	value, found := r.tokens[strings.TrimPrefix(request.URL.Path, "/.well-known/acme-challenge/")]
	r.mu.Unlock()
	if !found {
		writer.WriteHeader(http.StatusNotFound)
	}
	_, _ = writer.Write([]byte(value))
}

// ShowToken shows an http-01 key authorization.
func (r *Responder) ShowToken(token, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[token] = value
}

// SetTxt shows a dns-01 value; fqdn ends with a dot.
func (r *Responder) SetTxt(fqdn, value string) error {
	body, _ := json.Marshal(map[string]string{"host": fqdn, "value": value})
	answer, err := http.Post(r.job.Challenge.ManagementURL+"/set-txt", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
