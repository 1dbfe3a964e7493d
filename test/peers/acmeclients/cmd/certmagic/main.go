// certmagic on one load. It manages one name a certificate, by http-01 here.
package main

import (
	"context"
	"crypto/x509"
	"os"

	"chancery.dev/test/peers/acmeclients/internal/bench"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

func main() {
	folder, err := os.MkdirTemp("", "certmagic-bench-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	// Its own limit of ten certificates in ten seconds is a courtesy to public CAs, which this one is not.
	certmagic.RateLimitEvents, certmagic.RateLimitEventsWindow = 0, 0
	bench.Run(func(ctx context.Context, job bench.Job) (bench.Client, error) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(job.CAPem))
		var magic *certmagic.Config
		cache := certmagic.NewCache(certmagic.CacheOptions{
			GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
			Logger:           zap.NewNop(),
		})
		magic = certmagic.New(cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: folder}, Logger: zap.NewNop()})
		magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
			CA:                      job.DirectoryURL,
			TrustedRoots:            roots,
			Agreed:                  true,
			Email:                   "bench@example.test",
			DisableTLSALPNChallenge: true,
			ListenHost:              "127.0.0.1",
			AltHTTPPort:             job.Challenge.Port,
			Logger:                  zap.NewNop(),
		})}
		return func(ctx context.Context, names []string) error { return magic.ObtainCertSync(ctx, names[0]) }, nil
	})
}
