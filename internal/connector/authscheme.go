package connector

import (
	"fmt"
	"time"
)

// Basic is HTTP basic authentication.
type Basic struct {
	Username SecretText `yaml:"username" need:"true" doc:"the user name"`
	Password SecretText `yaml:"password" doc:"the password, empty where there is none"`
}

// Digest is HTTP digest authentication. The provider's challenge is remembered for each account.
type Digest struct {
	Username SecretText `yaml:"username" need:"true" doc:"the user name, of some providers a public key"`
	Password SecretText `yaml:"password" need:"true" doc:"the password, of some providers a private key"`
}

// JWT is a bearer token that the account's own key signs.
type JWT struct {
	Alg        string     `yaml:"alg" need:"true" enum:"RS256|ES256" doc:"how it is signed"`
	PrivateKey SecretText `yaml:"private_key" need:"true" doc:"the key in PEM: PKCS#8, PKCS#1 or SEC 1; its line ends may be written \\n"`
	KeyID      SecretText `yaml:"key_id" doc:"the header kid; none where it is empty"`
	Claims     *Expr      `yaml:"claims" need:"true" form:"jq" scope:"jwt" doc:"jq that gives the claims as an object; with exp the token is renewed before it ends"`
}

// SigV4 is AWS Signature Version 4.
type SigV4 struct {
	AccessKeyID     SecretText `yaml:"access_key_id" need:"true" doc:"the access key's id"`
	SecretAccessKey SecretText `yaml:"secret_access_key" need:"true" doc:"the secret access key"`
	SessionToken    SecretText `yaml:"session_token" doc:"the session token of temporary credentials; none where it is empty"`
	Region          Template   `yaml:"region" need:"true" doc:"the region to sign for"`
	Service         Template   `yaml:"service" need:"true" doc:"the service to sign for, as AWS names it in signatures"`
}

// ClaimSet gives the claims at a moment; fingerprint is that of the public key.
func (j *JWT) ClaimSet(context map[string]any, now time.Time, fingerprint string) (map[string]any, error) {
	v, err := j.Claims.slot.run(map[string]any{"context": orEmpty(context), "now": int(now.Unix()), "fingerprint": fingerprint})
	if err != nil {
		return nil, fmt.Errorf("the claims of the JWT: %w", err)
	}
	claims, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the claims of the JWT: `%s` gives no object", clip(j.Claims.String()))
	}
	return claims, nil
}

// Resolve gives the region and the service to sign for.
func (v *SigV4) Resolve(context map[string]any) (region, service string, err error) {
	in := map[string]any{"context": orEmpty(context)}
	if region, _, err = v.Region.text(in); err != nil {
		return "", "", err
	}
	if service, _, err = v.Service.text(in); err != nil {
		return "", "", err
	}
	if region == "" || service == "" {
		return "", "", fmt.Errorf("the region or the service of the signature is empty")
	}
	return region, service, nil
}
