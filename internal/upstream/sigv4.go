package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/meterbridge/meterbridge/internal/connector"
)

// securityToken is the header that carries the token of temporary AWS credentials.
const securityToken = "X-Amz-Security-Token"

// sigv4 lets the finished request be signed: method, path, query, every header, and the hash of the body.
func (s *Session) sigv4(sig *signature, v *connector.SigV4) error {
	region, service, err := v.Resolve(s.values)
	if err != nil {
		return unsigned(err)
	}
	var keys aws.Credentials
	if keys.AccessKeyID, err = s.resolve(v.AccessKeyID); err != nil {
		return err
	}
	if keys.SecretAccessKey, err = s.resolve(v.SecretAccessKey); err != nil {
		return err
	}
	if keys.SessionToken, _, err = s.spare(v.SessionToken); err != nil {
		return err
	}
	sig.last = func(r *http.Request, body []byte) error {
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:])
		// One service of AWS escapes its paths once and wants to be told the hash; all others escape twice.
		plain := service == "s3"
		if plain {
			r.Header.Set("X-Amz-Content-Sha256", hash)
		}
		// A signer of its own for each request keeps no derived key.
		err := v4.NewSigner().SignHTTP(r.Context(), keys, r, hash, service, region, s.c.cfg.Clock(),
			func(o *v4.SignerOptions) { o.DisableURIPathEscaping = plain })
		if err != nil {
			return unsigned(err)
		}
		return nil
	}
	return nil
}
